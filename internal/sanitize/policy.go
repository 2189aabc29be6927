package sanitize

import (
	"slices"
	"strings"

	"golang.org/x/net/html/atom"
)

// Limits of what HTML returns. What is larger comes out as plain text, cut to
// maxBytes, so that no reader's browser is handed more than these.
const (
	maxBytes      = 512 << 10 // of output
	maxElements   = 20_000    // in the output
	maxDepth      = 128       // of elements in the output; x/net/html refuses 512
	maxOpen       = 512       // of open tags that are remembered, those that are left out too
	maxAttributes = 128       // of one tag that are looked at
	maxCandidates = 16        // in a srcset
	maxURL        = 2 << 10   // bytes
	maxAttribute  = 1 << 10   // bytes of an attribute that holds text
	maxLine       = 1 << 10   // bytes of a title or name
	maxCarried    = 8         // formatting elements that are opened again behind an implied end
)

// A shape says where an element may stand, in the terms of the HTML parser:
// it decides what the element's start tag closes.
type shape uint8

const (
	inline     shape = iota // a phrase
	formatting              // a phrase that the parser opens again: a, b, code …
	block                   // closes an open p
	heading                 // a block that closes an open heading
	listItem                // li
	listTerm                // dt and dd
	table
	caption
	rowGroup
	row
	cell
	rubyText  // rt and rp: stand in ruby alone
	mediaFile // source: stands in audio and video alone
	void      // has no content
	rule      // hr: has no content and closes an open p
	media     // audio and video: hold mediaFile alone
)

// empty reports whether the element has no content and no end tag.
func (s shape) empty() bool { return s == void || s == rule || s == mediaFile }

// ofTable reports whether the element is a table or a part of one.
func (s shape) ofTable() bool { return s >= table && s <= cell }

// A judge says which values an attribute may have.
type judge uint8

const (
	anyText     judge = iota // one line of text
	anyAlt                   // one line of text, which says something even if empty
	anyDir                   // ltr, rtl or auto
	anyLang                  // BCP 47 by its characters
	anyScope                 // col, row, colgroup or rowgroup
	anyCount                 // up to three digits
	anyPixels                // up to five digits
	anyInteger               // up to six digits, with a sign
	anyTime                  // the characters of an HTML date or duration
	anyType                  // a media type
	anyURL                   // http or https
	anyLink                  // http, https or mailto; tracking parameters dropped
	anyPicture               // the address that image found
	anyPictures              // the srcset that image found
	always                   // written whether or not the source has it, with a value of ours
)

// An element is one that may stand in the output, under the name of tag.
type element struct {
	tag   atom.Atom
	shape shape
	attrs []attribute
	needs string // the attribute without which it is not worth showing
}

// An attribute is one that may stand in a tag.
type attribute struct {
	name  string
	judge judge
	value string    // if it is always written
	key   atom.Atom // of its name, if the source's is looked at
}

var (
	universal = with()
	edit      = with(attribute{name: "cite", judge: anyURL}, attribute{name: "datetime", judge: anyTime})
	quote     = with(attribute{name: "cite", judge: anyURL})
	cells     = with(attribute{name: "colspan", judge: anyCount}, attribute{name: "rowspan", judge: anyCount},
		attribute{name: "scope", judge: anyScope})
	link = with(attribute{name: "href", judge: anyLink},
		attribute{name: "rel", judge: always, value: "noopener noreferrer nofollow ugc"})
	picture = with(attribute{name: "src", judge: anyPicture}, attribute{name: "srcset", judge: anyPictures},
		attribute{name: "alt", judge: anyAlt}, attribute{name: "width", judge: anyPixels}, attribute{name: "height", judge: anyPixels},
		attribute{name: "loading", judge: always, value: "lazy"},
		attribute{name: "referrerpolicy", judge: always, value: "no-referrer"})
	player = with(attribute{name: "src", judge: anyURL}, attribute{name: "poster", judge: anyURL},
		attribute{name: "width", judge: anyPixels}, attribute{name: "height", judge: anyPixels},
		attribute{name: "controls", judge: always}, attribute{name: "preload", judge: always, value: "none"})
)

// with returns the attributes and those that every element may have, in the
// order of their names: the parser of x/net/html sorts those of formatting
// elements so.
func with(attrs ...attribute) []attribute {
	attrs = append(attrs, attribute{name: "dir", judge: anyDir}, attribute{name: "lang", judge: anyLang}, attribute{name: "title", judge: anyText})
	slices.SortFunc(attrs, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	for i := range attrs {
		attrs[i].key = atom.Lookup([]byte(attrs[i].name))
	}
	return attrs
}

// allowed is the allow-list: the elements that are kept, some of them under a
// better name. Whatever is neither here nor in dropped is unwrapped: the tag
// goes and its content stays.
var allowed = map[atom.Atom]element{
	atom.A:      {tag: atom.A, shape: formatting, attrs: link, needs: "href"},
	atom.B:      {tag: atom.B, shape: formatting, attrs: universal},
	atom.Code:   {tag: atom.Code, shape: formatting, attrs: universal},
	atom.Em:     {tag: atom.Em, shape: formatting, attrs: universal},
	atom.I:      {tag: atom.I, shape: formatting, attrs: universal},
	atom.S:      {tag: atom.S, shape: formatting, attrs: universal},
	atom.Small:  {tag: atom.Small, shape: formatting, attrs: universal},
	atom.Strong: {tag: atom.Strong, shape: formatting, attrs: universal},
	atom.U:      {tag: atom.U, shape: formatting, attrs: universal},
	atom.Strike: {tag: atom.S, shape: formatting, attrs: universal},
	atom.Tt:     {tag: atom.Code, shape: formatting, attrs: universal},

	atom.Abbr:    {tag: atom.Abbr, shape: inline, attrs: universal},
	atom.Acronym: {tag: atom.Abbr, shape: inline, attrs: universal},
	atom.Bdi:     {tag: atom.Bdi, shape: inline, attrs: universal},
	atom.Cite:    {tag: atom.Cite, shape: inline, attrs: universal},
	atom.Del:     {tag: atom.Del, shape: inline, attrs: edit},
	atom.Dfn:     {tag: atom.Dfn, shape: inline, attrs: universal},
	atom.Ins:     {tag: atom.Ins, shape: inline, attrs: edit},
	atom.Kbd:     {tag: atom.Kbd, shape: inline, attrs: universal},
	atom.Mark:    {tag: atom.Mark, shape: inline, attrs: universal},
	atom.Q:       {tag: atom.Q, shape: inline, attrs: quote},
	atom.Ruby:    {tag: atom.Ruby, shape: inline, attrs: universal},
	atom.Samp:    {tag: atom.Samp, shape: inline, attrs: universal},
	atom.Span:    {tag: atom.Span, shape: inline, attrs: universal},
	atom.Sub:     {tag: atom.Sub, shape: inline, attrs: universal},
	atom.Sup:     {tag: atom.Sup, shape: inline, attrs: universal},
	atom.Time:    {tag: atom.Time, shape: inline, attrs: with(attribute{name: "datetime", judge: anyTime})},
	atom.Var:     {tag: atom.Var, shape: inline, attrs: universal},
	atom.Rt:      {tag: atom.Rt, shape: rubyText, attrs: universal},
	atom.Rp:      {tag: atom.Rp, shape: rubyText, attrs: universal},

	atom.P:          {tag: atom.P, shape: block, attrs: universal},
	atom.Div:        {tag: atom.Div, shape: block, attrs: universal},
	atom.Section:    {tag: atom.Section, shape: block, attrs: universal},
	atom.Article:    {tag: atom.Article, shape: block, attrs: universal},
	atom.Aside:      {tag: atom.Aside, shape: block, attrs: universal},
	atom.Blockquote: {tag: atom.Blockquote, shape: block, attrs: quote},
	atom.Pre:        {tag: atom.Pre, shape: block, attrs: universal},
	atom.Figure:     {tag: atom.Figure, shape: block, attrs: universal},
	atom.Figcaption: {tag: atom.Figcaption, shape: block, attrs: universal},
	atom.Details:    {tag: atom.Details, shape: block, attrs: universal},
	atom.Summary:    {tag: atom.Summary, shape: block, attrs: universal},
	atom.Ul:         {tag: atom.Ul, shape: block, attrs: universal},
	atom.Ol:         {tag: atom.Ol, shape: block, attrs: with(attribute{name: "start", judge: anyInteger})},
	atom.Dl:         {tag: atom.Dl, shape: block, attrs: universal},
	atom.Li:         {tag: atom.Li, shape: listItem, attrs: with(attribute{name: "value", judge: anyInteger})},
	atom.Dt:         {tag: atom.Dt, shape: listTerm, attrs: universal},
	atom.Dd:         {tag: atom.Dd, shape: listTerm, attrs: universal},
	atom.H1:         {tag: atom.H1, shape: heading, attrs: universal},
	atom.H2:         {tag: atom.H2, shape: heading, attrs: universal},
	atom.H3:         {tag: atom.H3, shape: heading, attrs: universal},
	atom.H4:         {tag: atom.H4, shape: heading, attrs: universal},
	atom.H5:         {tag: atom.H5, shape: heading, attrs: universal},
	atom.H6:         {tag: atom.H6, shape: heading, attrs: universal},

	atom.Address:  {tag: atom.Div, shape: block, attrs: universal},
	atom.Center:   {tag: atom.Div, shape: block, attrs: universal},
	atom.Fieldset: {tag: atom.Div, shape: block, attrs: universal},
	atom.Footer:   {tag: atom.Div, shape: block, attrs: universal},
	atom.Header:   {tag: atom.Div, shape: block, attrs: universal},
	atom.Hgroup:   {tag: atom.Div, shape: block, attrs: universal},
	atom.Main:     {tag: atom.Div, shape: block, attrs: universal},
	atom.Nav:      {tag: atom.Div, shape: block, attrs: universal},
	atom.Menu:     {tag: atom.Ul, shape: block, attrs: universal},
	atom.Dir:      {tag: atom.Ul, shape: block, attrs: universal},
	atom.Listing:  {tag: atom.Pre, shape: block},
	atom.Xmp:      {tag: atom.Pre, shape: block},

	atom.Table:   {tag: atom.Table, shape: table, attrs: universal},
	atom.Caption: {tag: atom.Caption, shape: caption, attrs: universal},
	atom.Thead:   {tag: atom.Thead, shape: rowGroup, attrs: universal},
	atom.Tbody:   {tag: atom.Tbody, shape: rowGroup, attrs: universal},
	atom.Tfoot:   {tag: atom.Tfoot, shape: rowGroup, attrs: universal},
	atom.Tr:      {tag: atom.Tr, shape: row, attrs: universal},
	atom.Td:      {tag: atom.Td, shape: cell, attrs: cells},
	atom.Th:      {tag: atom.Th, shape: cell, attrs: cells},

	atom.Br:     {tag: atom.Br, shape: void},
	atom.Wbr:    {tag: atom.Wbr, shape: void},
	atom.Hr:     {tag: atom.Hr, shape: rule},
	atom.Img:    {tag: atom.Img, shape: void, attrs: picture, needs: "src"},
	atom.Image:  {tag: atom.Img, shape: void, attrs: picture, needs: "src"},
	atom.Audio:  {tag: atom.Audio, shape: media, attrs: player},
	atom.Video:  {tag: atom.Video, shape: media, attrs: player},
	atom.Source: {tag: atom.Source, shape: mediaFile, attrs: with(attribute{name: "src", judge: anyURL}, attribute{name: "type", judge: anyType}), needs: "src"},
}

// A loss says what goes with an element that is not allowed at all.
type loss uint8

const (
	lossNone    loss = iota
	lossTag          // the element never has content
	lossContent      // all up to its end tag
)

// dropped are the elements that go with all they hold: programs, styles,
// other vocabularies, frames, plug-ins and forms.
var dropped = map[atom.Atom]loss{
	atom.Applet: lossContent, atom.Button: lossContent, atom.Canvas: lossContent, atom.Datalist: lossContent,
	atom.Dialog: lossContent, atom.Form: lossContent, atom.Frameset: lossContent, atom.Head: lossContent,
	atom.Iframe: lossContent, atom.Map: lossContent, atom.Math: lossContent, atom.Meter: lossContent,
	atom.Noembed: lossContent, atom.Noframes: lossContent, atom.Noscript: lossContent, atom.Object: lossContent,
	atom.Optgroup: lossContent, atom.Option: lossContent, atom.Output: lossContent, atom.Progress: lossContent,
	atom.Script: lossContent, atom.Select: lossContent, atom.Style: lossContent, atom.Svg: lossContent,
	atom.Template: lossContent, atom.Textarea: lossContent, atom.Title: lossContent,

	atom.Area: lossTag, atom.Base: lossTag, atom.Basefont: lossTag, atom.Bgsound: lossTag, atom.Col: lossTag,
	atom.Colgroup: lossTag, atom.Embed: lossTag, atom.Frame: lossTag, atom.Input: lossTag, atom.Keygen: lossTag,
	atom.Link: lossTag, atom.Meta: lossTag, atom.Param: lossTag, atom.Track: lossTag,
}

// unwrapped are further names that Line knows for markup. HTML unwraps them,
// as it does any name that it does not know.
var unwrapped = map[atom.Atom]bool{
	atom.Bdo: true, atom.Big: true, atom.Blink: true, atom.Body: true, atom.Font: true, atom.Html: true,
	atom.Label: true, atom.Legend: true, atom.Marquee: true, atom.Nobr: true, atom.Picture: true,
	atom.Plaintext: true, atom.Rb: true, atom.Rtc: true, atom.Spacer: true,
}

// lazy are the attributes under which scripts keep a picture's real address,
// the one that wins first.
var (
	lazySrc    = []string{"data-src", "data-lazy-src", "data-original"}
	lazySrcset = []string{"data-srcset", "data-lazy-srcset"}
)

// pixels are addresses that count readers instead of showing them something:
// a host (its subdomains too), with the beginning of a path behind the first
// slash.
var pixels = []string{
	"ad.doubleclick.net", "analytics.google.com", "analytics.twitter.com", "api.follow.it/track",
	"b.scorecardresearch.com", "bat.bing.com", "counter.theconversation.com", "ct.pinterest.com",
	"doubleclick.net", "facebook.com/tr", "feedburner.com/~", "feeds.feedburner.com/~", "feedpress.it",
	"feeds.wordpress.com/1.0/", "feedsportal.com", "google-analytics.com", "googletagmanager.com",
	"hits.theguardian.com", "list-manage.com/track", "medium.com/_/stat", "mixpanel.com/track",
	"pixel.quantserve.com", "pixel.wp.com", "px.ads.linkedin.com", "rss.buysellads.com",
	"sb.scorecardresearch.com", "stats.wordpress.com", "stats.wp.com", "t.co/i/adsct", "tracking.feedpress.it",
}

// tracking are the query parameters, in lower case, that say who sent the
// reader and nothing of what is shown; prefixes end in an underscore.
var (
	tracking = map[string]bool{
		"fbclid": true, "gclid": true, "dclid": true, "gbraid": true, "wbraid": true, "msclkid": true,
		"mc_cid": true, "mc_eid": true, "yclid": true, "twclid": true, "srsltid": true, "_hsenc": true,
		"_hsmi": true, "mkt_tok": true, "igshid": true,
	}
	trackingPrefixes = []string{"utm_", "mtm_"}
)

// variants are first labels of hosts that serve the same pages as the host
// without them.
var variants = []string{"www.", "m.", "amp."}
