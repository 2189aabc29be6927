package feedcheck

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// A plant is a defect in a document that had none: old becomes new.
type plant struct {
	rule     string
	doc      string // the golden file of package feeds, or a whole document
	old, new string
}

const (
	item  = "<item>\n   <title>Étude" // the second item of the maximal feed
	entry = "<entry xml:lang=\"fr\">"
)

// plants turn on each rule.
var plants = []plant{
	{"SAXError", "rss", "</rss>", "</rs>"},
	{"SAXError", "rss", "</rss>", ""},
	{"SAXError", "rss", "</rss>", "</rss>text"},
	{"SAXError", "rss", `<rss version="2.0"`, `<rss version="2.0" version="2.0"`},
	{"SAXError", "rss", "<ttl>", "<ttl>&#x1;"},
	{"WPBlankLine", "rss", "<?xml", "\n<?xml"},
	{"MissingNamespace", "rss", "<ttl>20</ttl>", "<x:ttl>20</x:ttl>"},
	{"UndefinedNamedEntity", "rss", "<ttl>", "<ttl>&nbsp;"},
	{"UnicodeError", "rss", "Étude", "\xc9tude"},
	{"UnknownEncoding", "rss", `encoding="UTF-8"`, `encoding="klingon"`},
	{"BadXmlVersion", "rss", `version="1.0"`, `version="1.1"`},
	{"ValidatorLimit", "rss", "Étude", strings.Repeat("é", 2_500_000)},
	{"ContainsSystemEntity", "rss", "<rss", `<!DOCTYPE rss SYSTEM "x.dtd"><rss`},
	{"InvalidNamespace", "rss", "<rss", `<rss xmlns="http://purl.org/rss/1.0/"`},
	{"ObsoleteNamespace", "atom", atomNamespace, "http://purl.org/atom/ns#"},
	{"BadCharacters", "rss", "Étude", "\u0092tude"},
	{"BadCharacters", "atom", "Étude", "Ã\u0089tude"},
	{"BadCharacters", "json", "Étude", `\u000btude`},
	{"EncodingMismatch", "rss", `encoding="UTF-8"`, `encoding="iso-8859-1"`},

	{"UndefinedElement", "rss", item, "<item><keyword>x</keyword>\n   <title>Étude"},
	{"UndefinedElement", "rss", item, "<item><media:picture/>\n   <title>Étude"},
	{"UndefinedElement", "atom", entry, entry + "<guid>x</guid>"},
	{"UndefinedElement", "rss", "<title>Étude", "<title><b>x</b>Étude"},
	{"NoBlink", "rss", item, "<item><blink/>\n   <title>Étude"},
	{"NoThrWhen", "rss", "thr:updated", `thr:when="2026-11-21T11:30:15Z" thr:updated`},
	{"DuplicateElement", "rss", item, "<item><title>x</title>\n   <title>Étude"},
	{"DuplicateElement", "atom", entry, entry + "<title>x</title>"},
	{"UnexpectedText", "rss", item, "<item>text\n   <title>Étude"},
	{"UnexpectedWhitespace", "atom", "<id>tag:news.example.com,2026:all</id>", "<id> tag:news.example.com,2026:all</id>"},
	{"MissingAttribute", "rss", ` url="https://src.example/feed.xml"`, ""},
	{"MissingAttribute", "rss", ` length="12345" type="audio/mpeg"`, ` length="12345"`},
	{"MissingHref", "atom", ` href="https://src.example/"`, ""},
	{"UnexpectedAttribute", "rss", "<title>Étude", `<title type="text">Étude`},
	{"UnexpectedAttribute", "rss", `<atom:link rel="related"`, `<atom:link thr:count="1" rel="related"`},
	{"MisplacedXHTMLContent", "rss", "<ttl>", `<div xmlns="http://www.w3.org/1999/xhtml">x</div><ttl>`},
	{"UndeterminableVocabulary", "atom", entry, entry + `<x xmlns="">y</x>`},
	{"UnknownNamespace", "rss", "<rss", `<rss xmlns:x="https://nobody.example/ns"`},
	{"UnsupportedNamespace", "rss", "<rss", `<rss xmlns:x="https://podcastindex.org/namespace/1.0"`},
	{"ReservedPrefix", "rss", "http://purl.org/rss/1.0/modules/slash/", "https://nobody.example/ns"},
	{"MediaRssNamespace", "rss", "http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss"},
	{"AvoidNamespacePrefix", "atom", "<feed", `<feed xmlns:a="` + atomNamespace + `"`},
	{"NonstdPrefix", "rss", "<rss", `<rss xmlns:x="http://purl.org/dc/terms/"`},
	{"NotBlank", "rss", "Étude des modèles", ""},
	{"NotBlank", "atom", "<name>The Desk</name>", "<name></name>"},
	{"AttrNotBlank", "atom", ` version="1.2"`, ` version=""`},

	{"DuplicateValue", "rss", ">https://src.example/2026/11/x</guid>", ">tag:news.example.com,2026-11-20:articles/review</guid>"},
	{"DuplicateValue", "rss", "<hour>3</hour>", "<hour>2</hour>"},
	{"InvalidFullLink", "rss", "<link>https://src.example/2026/11/x?a=1&amp;b=2</link>", "<link>/2026/11/x</link>"},
	{"InvalidLink", "atom", "<icon>https://news.example.com/icon.png</icon>", "<icon>http:/icon.png</icon>"},
	{"UriNotIri", "rss", "<link>https://src.example/2026/11/x?a=1&amp;b=2</link>", "<link>https://src.example/é</link>"},
	{"InvalidIRI", "atom", `href="https://src.example/"`, `href="http:///x"`},
	{"InvalidUriChar", "rss", "<link>https://src.example/2026/11/x?a=1&amp;b=2</link>", "<link>https://src.example/a b</link>"},
	{"InvalidURIAttribute", "atom", `<content type="html"><![CDATA[<p>Tout le texte.</p>]]></content>`, `<summary>x</summary><content type="text/html" src="http:///x"/>`},
	{"InvalidURLAttribute", "rss", `<enclosure url="https://`, `<enclosure url="ftp://`},
	{"InvalidTAG", "atom", "<id>tag:news.example.com,2026:all</id>", "<id>tag:news.example.com:all</id>"},
	{"InvalidTAG", "atom", "<id>tag:news.example.com,2026:all</id>", "<id>tag:news.example.com,26-1:all</id>"},
	{"InvalidURN", "atom", "<id>tag:news.example.com,2026:all</id>", "<id>urn:x:y</id>"},
	{"InvalidUUID", "atom", "<id>tag:news.example.com,2026:all</id>", "<id>urn:uuid:123</id>"},
	{"SchemeNotIANARegistered", "rss", "<link>https://src.example/2026/11/x?a=1&amp;b=2</link>", "<link>nonsense:x</link>"},
	{"NonCanonicalURI", "atom", "<id>https://src.example/2026/11/x</id>", "<id>HTTPS://Src.example/2026/11/x</id>"},
	{"InvalidRFC3339Date", "atom", "<updated>2026-11-20T04:00:00Z</updated>", "<updated>2026-11-20t04:00:00z</updated>"},
	{"InvalidRFC3339Date", "rss", "<atom:updated>2026-11-21T10:30:15Z", "<atom:updated>2026-11-21"},
	{"InvalidW3CDTFDate", "rss", item, "<item><dc:date>yesterday</dc:date>\n   <title>Étude"},
	{"InvalidRFC2822Date", "rss", "04:00:00 GMT", "04:00:00 +01:00"},
	{"InvalidRFC2822Date", "rss", "Fri, 20 Nov 2026 04:00:00 GMT", "31 Nov 2026 04:00:00 GMT"},
	{"IncorrectDOW", "rss", "Fri, 20 Nov 2026 04", "Thu, 20 Nov 2026 04"},
	{"ProblematicalRFC822Date", "rss", "20 Nov 2026 04", "20 Nov 26 04"},
	{"ProblematicalRFC822Date", "rss", "04:00:00 GMT", "04:00:00 A"},
	{"ImplausibleDate", "rss", "Fri, 20 Nov 2026 04", "Tue, 20 Nov 2040 04"},
	{"ImplausibleDate", "rss", "Sat, 21 Nov 2026 12:30:15 GMT", "Sun, 22 Nov 2026 07:11:00 EST"}, // 12:11 UTC
	{"ImplausibleDate", "atom", "<updated>2026-11-20T04:00:00Z</updated>", "<updated>1989-11-20T04:00:00Z</updated>"},
	{"InvalidNonNegativeInteger", "rss", "<slash:comments>7", "<slash:comments>-1"},
	{"InvalidNonNegativeInteger", "rss", `length="12345"`, `length="-2"`},
	{"InvalidPositiveInteger", "rss", "<ttl>20", "<ttl>0"},
	{"InvalidPositiveInteger", "atom", `width="1200"`, `width="0"`},
	{"UseZeroForUnknown", "rss", `length="12345"`, `length="-1"`},
	{"InvalidIntegerAttribute", "rss", `length="12345"`, `length="long"`},
	{"InvalidBooleanAttribute", "rss", `isPermaLink="false"`, `isPermaLink="no"`},
	{"InvalidMIMEAttribute", "rss", `type="audio/mpeg"`, `type="audio"`},
	{"InvalidMIMEType", "atom", `type="audio/mpeg"`, `type="audio"`},
	{"InvalidMIMEType", "json", `"mime_type":"audio/mpeg"`, `"mime_type":"audio"`},
	{"InvalidLanguage", "rss", "<language>en<", "<language>english<"},
	{"InvalidLanguage", "atom", `xml:lang="fr"`, `xml:lang="qq"`},
	{"InvalidLanguage", "json", `"language":"fr"`, `"language":"fr_FR"`},
	{"InvalidContact", "rss", "<dc:creator>The Desk</dc:creator>", "<managingEditor>The Desk</managingEditor>"},
	{"InvalidAddrSpec", "atom", "<name>The Desk</name>", "<name>The Desk</name><email>desk</email>"},
	{"EmailFormat", "rss", "<dc:creator>The Desk</dc:creator>", "<managingEditor>The Desk a@b.example</managingEditor>"},
	{"MissingRealName", "rss", "<dc:creator>The Desk</dc:creator>", "<managingEditor>a@b.example</managingEditor>"},
	{"ContainsEmail", "atom", "<name>The Desk</name>", "<name>The Desk &lt;a@b.example></name>"},
	{"InvalidUpdatePeriod", "rss", "<ttl>", `<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">often</sy:updatePeriod><ttl>`},

	{"ContainsHTML", "rss", "Étude des", "&lt;b>Étude&lt;/b> des"},
	{"ContainsHTML", "rss", "Étude des", "Étude &amp;amp; des"},
	{"ContainsUndeclaredHTML", "atom", "Étude des", "&lt;b>Étude&lt;/b> des"},
	{"CharacterData", "rss", "Étude des", "&lt;a Étude des"},
	{"ContainsRelRef", "rss", `<a href="https://lab.example/">`, `<a href="/x">`},
	{"ContainsRelRef", "rss", `<a href="https://lab.example/">`, `<a href="//lab.example/">`},
	{"ContainsRelRef", "atom", "<p>Tout le", `<p><img alt="" src="x.png"/>Tout le`},
	{"ContainsRelRef", "json", "<p>Tout le", `<p><img alt='' src='x.png'>Tout le`},
	{"InvalidUriChar", "atom", "<p>Tout le", `<p><img alt="" src="x y.png"/>Tout le`},
	{"SecurityRisk", "rss", "<p>Tout le", "<p><iframe></iframe>Tout le"},
	{"SecurityRisk", "atom", "<p>Tout le", "<p><script></script>Tout le"},
	{"SecurityRisk", "json", "<p>Tout le", "<p><object></object>Tout le"},
	{"SecurityRiskAttr", "rss", "<p>Tout le", `<p onclick="x()">Tout le`},
	{"DangerousStyleAttr", "atom", "<p>Tout le", `<p style="position:fixed">Tout le`},
	{"NotHtml", "rss", "<p>Tout le", "<p><blnk>Tout</blnk> le"},
	{"NotHtml", "atom", "<p>Tout le", "<p><b>Tout le"},
	{"NotHtml", "atom", "<p>Tout le", "<p>Tout</i> le"},
	{"NotHtml", "atom", "le texte.</p>", "le texte.</p><a"},
	{"NotInline", "atom", `<summary type="html"><![CDATA[<p>A <em>short</em> look &amp; a verdict.</p>]]></summary>`, `<summary type="xhtml">&lt;b>x&lt;/b></summary>`},
	{"InvalidTextType", "atom", `<summary type="html">`, `<summary type="text/html">`},
	{"MissingTypeAttr", "atom", `<content type="html"><![CDATA[<p>Tout le texte.</p>]]></content>`, `<summary>x</summary><content src="https://src.example/x"/>`},
	{"MissingXhtmlDiv", "atom", `<content type="html"><![CDATA[<p>Tout le texte.</p>]]></content>`, `<content type="xhtml"><p xmlns="http://www.w3.org/1999/xhtml">x</p></content>`},
	{"HtmlFragment", "atom", `<content type="html"><![CDATA[<p>Tout`, `<content type="text/html"><![CDATA[<p>Tout`},
	{"NotBase64", "atom", `<content type="html"><![CDATA[<p>Tout le texte.</p>]]></content>`, `<summary>x</summary><content type="image/png">!</content>`},

	{"MissingElement", "atom", "<id>tag:news.example.com,2026:all</id>", ""},
	{"MissingElement", "atom", "<updated>2026-11-20T04:00:00Z</updated>", ""},
	{"MissingElement", `<rss version="2.0"/>`, "", ""},
	{"MissingTitle", "rss", "<title>R&#x26;D &#x3C;Daily&#x3E;</title>", ""},
	{"MissingLink", "rss", "<link>https://news.example.com/</link>", ""},
	{"MissingDescription", "rss", "<description>AI news &#x26; more</description>", ""},
	{"ItemMustContainTitleOrDescription", "rss", "<title>Étude des modèles</title>\n   <link>https://src.example/2026/11/x?a=1&amp;b=2</link>\n   <description><![CDATA[<p>Tout le texte.</p>]]></description>", ""},
	{"MissingGuid", "rss", `<guid isPermaLink="false">https://src.example/2026/11/x</guid>`, ""},
	{"MissingDCLanguage", "rss", "<language>en</language>", ""},
	{"MissingSelf", "atom", `<link rel="self" type="application/atom+xml" href="https://news.example.com/feeds/all.atom"></link>`, ""},
	{"MissingAtomSelfLink", "rss", `<atom:link rel="self" type="application/rss+xml" href="https://news.example.com/feeds/all.rss"></atom:link>`, ""},
	{"MisplacedItem", "rss", "</channel>", "<rating>x</rating></channel>"},
	{"InvalidRSSVersion", "rss", `<rss version="2.0"`, `<rss version="3.0"`},
	{"ObsoleteVersion", "rss", `<rss version="2.0"`, `<rss version="0.91"`},
	{"InvalidPermalink", "rss", `<guid isPermaLink="false">tag:`, `<guid>tag:`},
	{"InvalidHttpGUID", "rss", `<guid isPermaLink="false">https://src.example/2026/11/x`, `<guid>story-17`},
	{"NotSufficientlyUnique", "rss", `<guid isPermaLink="false">https://src.example/2026/11/x`, `<guid isPermaLink="false">17`},
	{"DuplicateEnclosure", "rss", "<enclosure", `<enclosure url="https://news.example.com/b.mp3" length="0" type="audio/mpeg"/><enclosure`},
	{"DuplicateSemantics", "rss", "<dc:creator>The Desk", "<managingEditor>a@b.example (A)</managingEditor><dc:creator>The Desk"},
	{"DuplicateSemantics", "rss", "<copyright>", "<dc:rights>x</dc:rights><copyright>"},
	{"DuplicateItemSemantics", "rss", "<pubDate>", "<dc:date>2026-11-20</dc:date><pubDate>"},
	{"DuplicateItemSemantics", "rss", "<dc:creator>Grace", "<author>a@b.example (A)</author><dc:creator>Grace"},
	{"DuplicateDescriptionSemantics", "rss", item, "<item><atom:content>x</atom:content>\n   <title>Étude"},
	{"NeedDescriptionBeforeContent", "rss", "<description><![CDATA[<p>A <em>short</em> look &amp; a verdict.</p>]]></description>", ""},
	{"SlashDate", "rss", "<lastBuildDate>Sat, 21 Nov 2026 12:30:15 GMT</lastBuildDate>", ""},
	{"CommentRSS", "rss", "<wfw:commentRss>https://news.example.com/articles/review/comments.atom</wfw:commentRss>", "<wfw:commentRSS>https://news.example.com/articles/review/comments.atom</wfw:commentRSS>"},
	{"AvoidTextInput", "rss", "<ttl>", "<textInput><title>x</title><description>x</description><name>x</name><link>https://news.example.com/s</link></textInput><ttl>"},
	{"InvalidFormComponentName", "rss", "<ttl>", "<textInput><title>x</title><description>x</description><name>1</name><link>https://news.example.com/s</link></textInput><ttl>"},
	{"ImageTitleDoesntMatch", "rss", "<height>72</height>\n   <title>R&#x26;D &#x3C;Daily&#x3E;", "<title>Logo"},
	{"ImageLinkDoesntMatch", "rss", "rss.png</url>\n   <link>https://news.example.com/", "rss.png</url><link>https://news.example.com"},
	{"ImageUrlFormat", "rss", "rss.png", "rss.webp"},
	{"InvalidWidth", "rss", "<width>144", "<width>512"},
	{"InvalidHeight", "rss", "<height>72", "<height>512"},
	{"InvalidHour", "rss", "<hour>3", "<hour>25"},
	{"UseZeroForMidnight", "rss", "<hour>3", "<hour>24"},
	{"NotEnoughHoursInTheDay", "rss", "<hour>3</hour>", strings.Repeat("<hour>3</hour>", 24)},
	{"InvalidDay", "rss", "<day>Sunday", "<day>Sonntag"},
	{"EightDaysAWeek", "rss", "<day>Sunday</day>", strings.Repeat("<day>Sunday</day>", 8)},
	{"UseOfExtensionAttr", `<rss version="2.0" xmlns:x="https://nobody.example/ns"><channel><ttl x:y="z">1</ttl></channel></rss>`, "", ""},

	{"MissingSourceElement", "atom", "<id>tag:src.example,2020:feed</id>", ""},
	{"MissingContentOrAlternate", "minimal.atom", `<link rel="alternate" type="text/html" href="https://min.example/1"></link>`, ""},
	{"MissingTextualContent", "atom", `<content type="html"><![CDATA[<p>Tout le texte.</p>]]></content>`, ""},
	{"MissingSummary", "atom", `<content type="html"><![CDATA[<p>Tout le texte.</p>]]></content>`, `<content type="image/png" src="https://src.example/x.png"/>`},
	{"MisplacedMetadata", "atom", "</feed>", "<rights>x</rights></feed>"},
	{"DuplicateEntries", "atom", "<id>https://src.example/2026/11/x</id>", "<id>tag:news.example.com,2026-11-20:articles/review</id>"},
	{"DuplicateIds", `<feed xmlns="` + atomNamespace + `">` + strings.Repeat(`<entry><id>https://a.example/</id></entry>`, 10) + "</feed>", "", ""},
	{"DuplicateUpdated", "atom", "<updated>2026-11-20T04:00:00Z</updated>", "<updated>2026-11-21T10:30:15Z</updated>"},
	{"DuplicateAtomLink", "atom", entry, entry + `<link rel="alternate" type="text/html" href="https://src.example/y"/>`},
	{"AtomLinkNotEmpty", "atom", `rel="hub" href="https://news.example.com/hub">`, `rel="hub" href="https://news.example.com/hub">x`},
	{"UnregisteredAtomLinkRel", "atom", `rel="hub"`, `rel="privacy-policy"`},
	{"SelfNotAtom", "rss", `rel="self" type="application/rss+xml"`, `rel="self" type="text/html"`},
	{"RelativeSelf", "rss", `href="https://news.example.com/feeds/all.rss"`, `href="/feeds/all.rss"`},
	{"SelfDoesntMatchLocation", "rss", `href="https://news.example.com/feeds/all.rss"`, `href="https://www.example.com/feeds/all.rss"`},

	{"FeedHistoryRelInEntry", "atom", `rel="related"`, `rel="next"`},
	{"FeedRelInCompleteFeed", "rss", "<ttl>", "<fh:complete/><ttl>"},
	{"CurrentNotSelfInCompleteFeed", "archive.atom", "<fh:archive>", "<fh:complete/><fh:archive>"},
	{"LinkPastEnd", "rss", "<ttl>", `<atom:link rel="first" href="https://news.example.com/feeds/all.rss"/><atom:link rel="previous" href="https://news.example.com/p0"/><ttl>`},
	{"LinkPastEnd", "rss", "<ttl>", `<atom:link rel="last" href="https://news.example.com/feeds/all.rss"/><atom:link rel="next" href="https://news.example.com/p9"/><ttl>`},
	{"MissingCurrentInArchive", "archive.atom", `rel="current"`, `rel="via"`},
	{"ArchiveIncomplete", "atom", `rel="prev-archive" href="https://news.example.com/feeds/all/archive/2026-10.atom"></link>`, `rel="current" href="https://news.example.com/feeds/all.atom"></link><fh:archive/>`},
	{"MediaGroupWithoutAlternatives", "rss", `<media:thumbnail`, `<media:group><media:content url="https://news.example.com/x.jpg"/></media:group><media:thumbnail`},
	{"InvalidMediaMedium", "rss", `medium="image"`, `medium="picture"`},
	{"InvalidMediaTextType", "atom", `type="plain"`, `type="text/plain"`},
	{"InvalidMediaExpression", "rss", `medium="image"`, `medium="image" expression="half"`},
	{"InvalidFloat", "rss", `medium="image"`, `medium="image" bitrate="fast"`},
	{"InvalidTrueFalse", "rss", `medium="image"`, `medium="image" isDefault="yes"`},
	{"InvalidNPTTime", "rss", `<media:thumbnail`, `<media:thumbnail time="noon"`},
	{"DeprecatedMediaAdult", "rss", `<media:thumbnail`, `<media:adult>false</media:adult><media:thumbnail`},

	{"JSONSyntax", "json", "]}", "]"},
	{"JSONSyntax", "json", "]}", "]}{}"},
	{"JSONMissingMember", "json", `"title":"R&D <Daily>",`, ""},
	{"JSONMissingMember", "json", `"id":"https://src.example/2026/11/x",`, ""},
	{"JSONMissingMember", "json", `"content_html":"<p>Tout le texte.</p>",`, ""},
	{"JSONMissingMember", "json", `"mime_type":"audio/mpeg",`, ""},
	{"JSONUnknownMember", "json", `"icon"`, `"logo"`},
	{"JSONUnknownMember", "json", `"_newswire":{"house"`, `"_1":{"house"`},
	{"JSONWrongType", "json", `"id":"https://src.example/2026/11/x"`, `"id":17`},
	{"JSONWrongType", "json", `"authors":[{"name":"Grace Hopper"}]`, `"authors":{"name":"Grace Hopper"}`},
	{"JSONWrongType", "json", `"size_in_bytes":12345`, `"size_in_bytes":"12345"`},
	{"JSONWrongType", "json", `"tags":["models","review"]`, `"tags":"models"`},
	{"JSONInvalidVersion", "json", "version/1.1", "version/2"},
	{"JSONInvalidDate", "json", "2026-11-20T04:00:00Z", "2026-11-20 04:00"},
	{"JSONInvalidURL", "json", `"https://src.example/2026/11/x?a=1&b=2"`, `"/2026/11/x"`},
	{"JSONDuplicateID", "json", `"id":"https://src.example/2026/11/x"`, `"id":"tag:news.example.com,2026-11-20:articles/review"`},
	{"JSONEmptyMember", "json", `"authors":[{"name":"Grace Hopper"}]`, `"authors":[]`},
	{"JSONEmptyMember", "json", `"title":"Étude des modèles"`, `"title":""`},
	{"JSONLoop", "json", "https://news.example.com/feeds/all/archive/2026-10.json", "https://news.example.com/feeds/all.json"},
	{"JSONContainsHTML", "json", "Étude des modèles", "<b>Étude</b> des modèles"},
	{"JSONSelf", "json", `"feed_url":"https://news.example.com/feeds/all.json"`, `"feed_url":"https://news.example.com/feeds/x.json"`},
}

// mediaTypes of the documents, by the end of their names.
var mediaTypes = map[string]string{
	"rss": "application/rss+xml; charset=utf-8", "atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8",
}

// golden reads a document that package feeds writes.
func golden(t *testing.T, name string) string {
	t.Helper()
	if !strings.Contains(name, ".") {
		name = "maximal." + name
	}
	doc, err := os.ReadFile("../../feeds/testdata/write/" + name + ".golden")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// checkerOf knows where the golden documents are served.
func checkerOf(doc string) Checker {
	ending := doc[strings.LastIndexByte(doc, '.')+1:]
	at := "https://news.example.com/feeds/all."
	if strings.HasPrefix(doc, "archive") {
		at = "https://min.example/archive/2026-10."
	}
	return Checker{MediaType: mediaTypes[ending], SelfURL: at + ending, Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
}

// TestClean holds that nothing is found where nothing is wrong.
func TestClean(t *testing.T) {
	for _, name := range []string{"rss", "atom", "json", "archive.atom"} {
		if found := checkerOf(name).Check([]byte(golden(t, name))); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// TestPlants holds that each defect is found, and in its line.
func TestPlants(t *testing.T) {
	for _, p := range plants {
		doc, check := p.doc, Checker{}
		if !strings.HasPrefix(doc, "<") {
			doc, check = golden(t, p.doc), checkerOf(p.doc)
			if !strings.Contains(doc, p.old) {
				t.Errorf("%s: %s has no %q: the test is broken", p.rule, p.doc, p.old)
				continue
			}
			doc = strings.Replace(doc, p.old, p.new, 1)
		}
		found := check.Check([]byte(doc))
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == p.rule && f.Line > 0 && f.Message != "" }) {
			t.Errorf("%s: %q in place of %q in %s: found %v", p.rule, p.new, p.old, p.doc, found)
		}
	}
}

// served are the rules about how a document is served: TestServed.
var served = []string{"UnexpectedContentType", "NonSpecificMediaType"}

// TestEveryRule holds that no rule is without a defect that turns it on.
func TestEveryRule(t *testing.T) {
	tested := map[string]bool{}
	for _, p := range plants {
		for rule := p.rule; rule != ""; rule = rules[rule].of {
			tested[rule] = true
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		if !tested[rule] && !slices.Contains(served, rule) {
			t.Errorf("no plant turns on %s", rule)
		}
	}
}

// TestServed judges the media type.
func TestServed(t *testing.T) {
	late := "<?xml version=\"1.0\"?>" + strings.Repeat("\n", 20) + strings.TrimPrefix(golden(t, "rss"), `<?xml version="1.0" encoding="UTF-8"?>`)
	for _, c := range []struct{ doc, mediaType, want string }{
		{golden(t, "rss"), "application/rss+xml", ""},
		{golden(t, "rss"), "application/xml; charset=utf-8", ""},
		{golden(t, "rss"), "text/xml", ""},
		{golden(t, "rss"), "text/html", "UnexpectedContentType"},
		{golden(t, "rss"), "application/atom+xml", "UnexpectedContentType"},
		{golden(t, "atom"), "nonsense", "UnexpectedContentType"},
		{golden(t, "json"), "application/json", ""},
		{golden(t, "json"), "text/plain", "UnexpectedContentType"},
		{late, "application/xml", "NonSpecificMediaType"},
	} {
		got := ""
		for _, f := range Check([]byte(c.doc), c.mediaType, "") {
			got += f.Rule
		}
		if got != c.want {
			t.Errorf("%s as %s: %q, want %q", c.doc[:40], c.mediaType, got, c.want)
		}
	}
}

func TestLines(t *testing.T) {
	doc := strings.Replace(golden(t, "rss"), "Fri, 20 Nov 2026 04", "Thu, 20 Nov 2026 04", 1)
	want := 1 + strings.Count(doc[:strings.Index(doc, "Thu, 20 Nov")], "\n")
	if f := checkerOf("rss").Check([]byte(doc)); len(f) != 1 || f[0].Line != want || f[0].Level != Error {
		t.Errorf("found %v, want one error in line %d", f, want)
	}
}

// FuzzCheck holds that no document makes the checker panic, and that two
// checks find the same.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"<rss/>", "<feed xmlns='" + atomNamespace + "'><entry><content type='xhtml'/></entry></feed>", `{"items":[{"id":1}]}`, "<rss version='2.0'><channel><item><guid/></item></channel></rss>"} {
		f.Add([]byte(seed), "application/rss+xml", "https://a.example/")
	}
	f.Fuzz(func(t *testing.T, doc []byte, mediaType, self string) {
		if one, two := Check(doc, mediaType, self), Check(doc, mediaType, self); !slices.Equal(one, two) {
			t.Errorf("two checks differ: %v, %v", one, two)
		}
	})
}
