package sanitize

import "golang.org/x/net/html/atom"

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
	anyText    judge = iota // one line of text
	anyAlt                  // one line of text, which says something even if empty
	anyDir                  // ltr, rtl or auto
	anyLang                 // BCP 47 by its characters
	anyScope                // col, row, colgroup or rowgroup
	anyCount                // up to three digits
	anyPixels               // up to five digits
	anyInteger              // up to six digits, with a sign
	anyTime                 // the characters of an HTML date or duration
	anyType                 // a media type
	anyURL                  // http or https
	anyLink                 // http, https or mailto; tracking parameters dropped
	anySrcset
)

// An element is one that may stand in the output, under the name of tag.
type element struct {
	tag   atom.Atom
	shape shape
	attrs []attribute
}

// An attribute is one that may stand in a tag. Those of a tag are written in
// the order of its list.
type attribute struct {
	name  atom.Atom
	judge judge
}

var (
	universal = []attribute{{atom.Dir, anyDir}, {atom.Lang, anyLang}, {atom.Title, anyText}}
	edit      = with(attribute{atom.Cite, anyURL}, attribute{atom.Datetime, anyTime})
	quote     = with(attribute{atom.Cite, anyURL})
	cells     = with(attribute{atom.Colspan, anyCount}, attribute{atom.Rowspan, anyCount}, attribute{atom.Scope, anyScope})
)

func with(attrs ...attribute) []attribute { return append(attrs, universal...) }

// allowed is the allow-list: the elements that are kept, some of them under a
// better name. Whatever is neither here nor in dropped is unwrapped: the tag
// goes and its content stays.
var allowed = map[atom.Atom]element{
	atom.A:      {atom.A, formatting, with(attribute{atom.Href, anyLink})},
	atom.B:      {atom.B, formatting, universal},
	atom.Code:   {atom.Code, formatting, universal},
	atom.Em:     {atom.Em, formatting, universal},
	atom.I:      {atom.I, formatting, universal},
	atom.S:      {atom.S, formatting, universal},
	atom.Small:  {atom.Small, formatting, universal},
	atom.Strong: {atom.Strong, formatting, universal},
	atom.U:      {atom.U, formatting, universal},
	atom.Strike: {atom.S, formatting, universal},
	atom.Tt:     {atom.Code, formatting, universal},

	atom.Abbr:    {atom.Abbr, inline, universal},
	atom.Acronym: {atom.Abbr, inline, universal},
	atom.Bdi:     {atom.Bdi, inline, universal},
	atom.Cite:    {atom.Cite, inline, universal},
	atom.Del:     {atom.Del, inline, edit},
	atom.Dfn:     {atom.Dfn, inline, universal},
	atom.Ins:     {atom.Ins, inline, edit},
	atom.Kbd:     {atom.Kbd, inline, universal},
	atom.Mark:    {atom.Mark, inline, universal},
	atom.Q:       {atom.Q, inline, quote},
	atom.Ruby:    {atom.Ruby, inline, universal},
	atom.Samp:    {atom.Samp, inline, universal},
	atom.Span:    {atom.Span, inline, universal},
	atom.Sub:     {atom.Sub, inline, universal},
	atom.Sup:     {atom.Sup, inline, universal},
	atom.Time:    {atom.Time, inline, with(attribute{atom.Datetime, anyTime})},
	atom.Var:     {atom.Var, inline, universal},
	atom.Rt:      {atom.Rt, rubyText, universal},
	atom.Rp:      {atom.Rp, rubyText, universal},

	atom.P:          {atom.P, block, universal},
	atom.Div:        {atom.Div, block, universal},
	atom.Section:    {atom.Section, block, universal},
	atom.Article:    {atom.Article, block, universal},
	atom.Aside:      {atom.Aside, block, universal},
	atom.Blockquote: {atom.Blockquote, block, quote},
	atom.Pre:        {atom.Pre, block, universal},
	atom.Figure:     {atom.Figure, block, universal},
	atom.Figcaption: {atom.Figcaption, block, universal},
	atom.Details:    {atom.Details, block, universal},
	atom.Summary:    {atom.Summary, block, universal},
	atom.Ul:         {atom.Ul, block, universal},
	atom.Ol:         {atom.Ol, block, with(attribute{atom.Start, anyInteger})},
	atom.Dl:         {atom.Dl, block, universal},
	atom.Li:         {atom.Li, listItem, with(attribute{atom.Value, anyInteger})},
	atom.Dt:         {atom.Dt, listTerm, universal},
	atom.Dd:         {atom.Dd, listTerm, universal},
	atom.H1:         {atom.H1, heading, universal},
	atom.H2:         {atom.H2, heading, universal},
	atom.H3:         {atom.H3, heading, universal},
	atom.H4:         {atom.H4, heading, universal},
	atom.H5:         {atom.H5, heading, universal},
	atom.H6:         {atom.H6, heading, universal},

	atom.Address:  {atom.Div, block, universal},
	atom.Center:   {atom.Div, block, universal},
	atom.Fieldset: {atom.Div, block, universal},
	atom.Footer:   {atom.Div, block, universal},
	atom.Header:   {atom.Div, block, universal},
	atom.Hgroup:   {atom.Div, block, universal},
	atom.Main:     {atom.Div, block, universal},
	atom.Nav:      {atom.Div, block, universal},
	atom.Menu:     {atom.Ul, block, universal},
	atom.Dir:      {atom.Ul, block, universal},
	atom.Listing:  {atom.Pre, block, nil},
	atom.Xmp:      {atom.Pre, block, nil},

	atom.Table:   {atom.Table, table, universal},
	atom.Caption: {atom.Caption, caption, universal},
	atom.Thead:   {atom.Thead, rowGroup, universal},
	atom.Tbody:   {atom.Tbody, rowGroup, universal},
	atom.Tfoot:   {atom.Tfoot, rowGroup, universal},
	atom.Tr:      {atom.Tr, row, universal},
	atom.Td:      {atom.Td, cell, cells},
	atom.Th:      {atom.Th, cell, cells},

	atom.Br:  {atom.Br, void, nil},
	atom.Wbr: {atom.Wbr, void, nil},
	atom.Hr:  {atom.Hr, rule, nil},
	// src and srcset of images are written by image, which knows of pixels
	// and of pictures that load late.
	atom.Img: {atom.Img, void, with(attribute{atom.Alt, anyAlt},
		attribute{atom.Width, anyPixels}, attribute{atom.Height, anyPixels})},
	atom.Image: {atom.Img, void, with(attribute{atom.Alt, anyAlt},
		attribute{atom.Width, anyPixels}, attribute{atom.Height, anyPixels})},
	atom.Audio: {atom.Audio, media, with(attribute{atom.Src, anyURL})},
	atom.Video: {atom.Video, media, with(attribute{atom.Src, anyURL}, attribute{atom.Poster, anyURL},
		attribute{atom.Width, anyPixels}, attribute{atom.Height, anyPixels})},
	atom.Source: {atom.Source, mediaFile, []attribute{{atom.Src, anyURL}, {atom.Type, anyType}}},
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
