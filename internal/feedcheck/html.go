package feedcheck

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Elements by what the validator thinks of them.
var (
	safeTags = words(`a abbr acronym address area article aside audio b bdi big blockquote br button canvas caption center cite code
		col colgroup command data datagrid datalist dd del details dfn dialog dir div dl dt em eventsource fieldset figcaption figure
		footer font form header h1 h2 h3 h4 h5 h6 hgroup hr i img input ins keygen kbd label legend li m main map mark menu meter
		multicol nav nextid ol output optgroup option p picture pre progress q rp rt ruby s samp section select small sound source
		spacer span strike strong sub summary sup table tbody td template textarea time tfoot th thead tr track tt u ul var video
		noscript wbr`)
	otherTags = words(`applet base basefont bdo body comment embed frame frameset head html iframe isindex link listing meta noframes
		object param plaintext script slot style title xmp`)
	safeAttrs = words(`abbr accept accept-charset accesskey action align allow allowfullscreen allowpaymentrequest alt as autoplay
		autocapitalize autocomplete autofocus axis background balance bgcolor bgproperties border bordercolor bordercolordark
		bordercolorlight bottompadding cellpadding cellspacing ch challenge char charoff choff charset checked cite class clear color
		cols colspan compact contenteditable coords crossorigin data datafld datapagesize datasrc datetime decoding default delay dir
		dirname disabled download draggable dynsrc enctype end enterkeyhint face for form formenctype frame galleryimg gutter headers
		height hidefocus hidden high href hreflang hspace icon id inputmode is ismap itemid itemprop itemref itemscope itemtype kind
		keytype label lang leftspacing loading list longdesc loop loopcount loopend loopstart low lowsrc max maxlength media method
		min minlength multiple muted name nohref nonce noshade nowrap open optimum pattern ping placeholder playsinline point-size
		poster preload prompt pqg radiogroup readonly referrerpolicy rel repeat-max repeat-min replace required rev reversed
		rightspacing rows rowspan rules scope selected shape size sizes span spellcheck src srclang srcset start step summary suppress
		tabindex target template title toppadding translate type unselectable usemap urn valign value variable volume vspace vrml
		width wrap xml:lang xmlns`)
	safeProperties = words(`azimuth background background-color border border-bottom border-bottom-color border-bottom-style
		border-bottom-width border-collapse border-color border-left border-left-color border-left-style border-left-width border-right
		border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color
		border-top-style border-top-width border-width clear color cursor direction display elevation float font font-family font-size
		font-style font-variant font-weight height letter-spacing line-height list-style-type margin margin-bottom margin-left
		margin-right margin-top overflow padding padding-bottom padding-left padding-right padding-top pause pause-after pause-before
		pitch pitch-range richness speak speak-header speak-numeral speak-punctuation speech-rate stress text-align text-decoration
		text-indent unicode-bidi vertical-align voice-family volume white-space width`)
	safeKeywords = words(`aqua auto black block blue bold both bottom brown center collapse dashed dotted fuchsia gray green !important
		italic left lime maroon medium none navy normal nowrap olive pointer purple red right solid silver teal top transparent
		underline white yellow`)
	voidTags     = words(`area base basefont bgsound br col command embed frame hr img input keygen link meta param source track wbr`)
	optionalTags = words(`p li dt dd option optgroup tr td th thead tbody tfoot colgroup rp rt`)
)

func words(s string) []string {
	list := strings.Fields(s)
	slices.Sort(list)
	return list
}

func has(list []string, s string) bool {
	_, found := slices.BinarySearch(list, s)
	return found
}

func knownTag(s string) bool { return has(safeTags, s) || has(otherTags, s) }

// c1Ref are references to C1 controls: text that was windows-1252.
var c1Ref = regexp.MustCompile(`&#(12[89]|1[345]\d|[xX][89][0-9a-fA-F]);`)

var absolute = regexp.MustCompile(`^\w+:`)

// markup judges HTML in an element's text: what is unsafe, what is not HTML,
// what is not absolute.
func (c *checker) markup(n *node, fragment string) {
	if strings.Contains(strings.ToLower(fragment), "<?import ") {
		c.at(n, "SecurityRisk", "<?import")
	}
	for _, ref := range c1Ref.FindAllString(fragment, -1) {
		c.at(n, "NotHtml", "%s means nothing", ref)
	}
	z := html.NewTokenizer(strings.NewReader(fragment))
	var open []string
	line := n.line
	for {
		kind := z.Next()
		here := &node{name: n.name, parent: n.parent, line: line}
		line += strings.Count(string(z.Raw()), "\n")
		switch kind {
		case html.ErrorToken:
			if rest := z.Raw(); len(rest) > 0 {
				c.at(here, "NotHtml", "%.20q is not finished", rest)
			}
			for _, tag := range open {
				if !has(optionalTags, tag) {
					c.at(here, "NotHtml", "<%s> is never closed", tag)
				}
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			c.tag(here, t)
			if !has(voidTags, t.Data) && kind == html.StartTagToken {
				open = append(open, t.Data)
			}
		case html.EndTagToken:
			open = c.closeTag(here, open, z.Token().Data)
		}
	}
}

// closeTag pops what an end tag closes.
func (c *checker) closeTag(n *node, open []string, tag string) []string {
	i := len(open) - 1
	for i >= 0 && open[i] != tag && has(optionalTags, open[i]) {
		i--
	}
	if i < 0 || open[i] != tag {
		if tag != "br" && tag != "p" {
			c.at(n, "NotHtml", "</%s> closes nothing", tag)
		}
		return open
	}
	return open[:i]
}

func (c *checker) tag(n *node, t html.Token) {
	switch {
	case !knownTag(t.Data):
		c.at(n, "NotHtml", "<%s>", t.Data)
		return
	case !has(safeTags, t.Data):
		c.at(n, "SecurityRisk", "<%s>", t.Data)
		return
	}
	for _, a := range t.Attr {
		c.attribute(n, t.DataAtom, a)
	}
}

func (c *checker) attribute(n *node, tag atom.Atom, a html.Attribute) {
	name := strings.ToLower(a.Key)
	switch {
	case name == "style":
		for _, evil := range unsafeStyle(a.Val) {
			c.at(n, "DangerousStyleAttr", "%q", evil)
		}
	case !has(safeAttrs, name) && !strings.HasPrefix(name, "data-"):
		c.at(n, "SecurityRiskAttr", "%s", name)
	case name == "href" && tag == atom.A, name == "src", name == "poster":
		if !absolute.MatchString(strings.TrimSpace(a.Val)) && n.base == "" {
			c.relative(n, strings.TrimSpace(a.Val))
		}
	}
}

func (c *checker) relative(n *node, ref string) {
	for _, r := range ref {
		if r < 0x80 && !uriRef.MatchString(string(r)) {
			c.at(n, "InvalidUriChar", "%q", ref)
			return
		}
	}
	c.at(n, "ContainsRelRef", "%q", ref)
}

var (
	styleText  = regexp.MustCompile(`^([:,;#%.\sa-zA-Z0-9!]|\w-\w|'[\s\w]+'|"[\s\w]+"|\([\d,\s]+\))*$`)
	styleShape = regexp.MustCompile(`^(\s*[-\w]+\s*:\s*[^:;]*(;|$))*$`)
	styleEach  = regexp.MustCompile(`([-\w]+)\s*:\s*([^:;]*)`)
	styleValue = regexp.MustCompile(`^(#[0-9a-f]+|rgb\(\d+%?,\d*%?,?\d*%?\)?|\d?\.?\d?\d(cm|em|ex|in|mm|pc|pt|px|%|,|\))?)$`)
)

// unsafeStyle lists what of a style attribute the validator calls dangerous.
func unsafeStyle(style string) []string {
	if !styleText.MatchString(style) || !styleShape.MatchString(style) {
		return []string{style}
	}
	var unsafe []string
	for _, m := range styleEach.FindAllStringSubmatch(strings.ToLower(style), -1) {
		family, _, _ := strings.Cut(m[1], "-")
		if !has(safeProperties, m[1]) {
			unsafe = append(unsafe, m[1])
		} else if slices.Contains([]string{"background", "border", "margin", "padding"}, family) {
			for _, keyword := range strings.Fields(m[2]) {
				if !has(safeKeywords, keyword) && !styleValue.MatchString(keyword) {
					unsafe = append(unsafe, keyword)
				}
			}
		}
	}
	return unsafe
}

var (
	endTag     = regexp.MustCompile(`</(\w+)>`)
	entity     = regexp.MustCompile(`&(#?\w+)`)
	looksAlive = regexp.MustCompile(`&#[x0-9]|<[/a-zA-Z]`)
)

// plain judges text in which there should be no HTML; rule names what it is if
// there is.
func (c *checker) plain(n *node, value, rule string) {
	for _, m := range endTag.FindAllStringSubmatch(value, -1) {
		if knownTag(strings.ToLower(m[1])) {
			c.at(n, rule, "%s", m[0])
			return
		}
	}
	if entities := entity.FindAllStringSubmatch(value, -1); entities != nil {
		for _, m := range entities {
			if isEntity(m[1]) && !c.numeric(n) {
				c.at(n, rule, "%s;", m[0])
			}
		}
	} else if !c.atom && strings.HasPrefix(c.version, "2.") && looksAlive.MatchString(value) && !c.numeric(n) {
		c.at(n, "CharacterData", "%q", value)
	}
}

// isEntity reports whether HTML has an entity of that name.
func isEntity(name string) bool {
	if strings.HasPrefix(name, "#") || strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz") != "" {
		return true
	}
	s := "&" + name + ";"
	return html.UnescapeString(s) != s
}

// numeric reports whether an element's lines hold the numeric references that
// readers of all kinds show right.
func (c *checker) numeric(n *node) bool {
	for line := n.line; line <= n.last && line <= len(c.hexLines); line++ {
		if c.hexLines[line-1] {
			return true
		}
	}
	return false
}

func plainText(c *checker, n *node) { c.plain(n, n.value(), "ContainsHTML") }
func htmlText(c *checker, n *node)  { c.markup(n, n.value()) }
