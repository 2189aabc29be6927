package feedcheck

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// namespaces are those that the validator knows, with their usual prefixes.
var namespaces = map[string]string{
	"http://www.bloglines.com/about/specs/fac-1.0":          "access",
	"http://webns.net/mvcb/":                                "admin",
	"http://www.w3.org/2007/app":                            "app",
	"http://backend.userland.com/blogChannelModule":         "blogChannel",
	"http://web.resource.org/cc/":                           "cc",
	"http://www.microsoft.com/schemas/rss/core/2005":        "cf",
	"http://backend.userland.com/creativeCommonsRssModule":  "creativeCommons",
	"http://purl.org/rss/1.0/modules/content/":              "content",
	"http://purl.org/dc/elements/1.1/":                      "dc",
	"http://purl.org/dc/terms/":                             "dcterms",
	"http://purl.org/syndication/history/1.0":               "fh",
	"http://www.w3.org/2003/01/geo/wgs84_pos#":              "geo",
	"http://www.georss.org/georss":                          "georss",
	"http://www.opengis.net/gml":                            "gml",
	"http://postneo.com/icbm":                               "icbm",
	"urn:atom-extension:indexing":                           "indexing",
	"http://www.itunes.com/dtds/podcast-1.0.dtd":            "itunes",
	"http://rssnamespace.org/feedburner/ext/1.0":            "feedburner",
	"http://xmlns.com/foaf/0.1/":                            "foaf",
	"http://purl.org/rss/1.0/modules/link/":                 "l",
	"http://search.yahoo.com/mrss/":                         "media",
	"http://www.w3.org/1998/Math/MathML":                    "mathml",
	"http://a9.com/-/spec/opensearchrss/1.0/":               "opensearch10",
	"http://a9.com/-/spec/opensearch/1.1/":                  "opensearch",
	"http://www.opml.org/spec2":                             "opml",
	"http://www.w3.org/1999/02/22-rdf-syntax-ns#":           "rdf",
	"http://www.w3.org/2000/01/rdf-schema#":                 "rdfs",
	"http://purl.org/rss/1.0/modules/slash/":                "slash",
	"http://www.w3.org/2000/svg":                            "svg",
	"http://feedsync.org/2007/feedsync":                     "sx",
	"http://purl.org/rss/1.0/modules/syndication/":          "sy",
	"http://purl.org/rss/1.0/modules/taxonomy/":             "taxo",
	"http://purl.org/rss/1.0/modules/threading/":            "thr",
	"http://purl.org/syndication/thread/1.0":                "thr",
	"http://madskills.com/public/xml/rss/module/trackback/": "trackback",
	"http://wellformedweb.org/CommentAPI/":                  "wfw",
	"http://purl.org/rss/1.0/modules/wiki/":                 "wiki",
	"http://www.w3.org/2005/Atom":                           "atom",
	"http://www.w3.org/1999/xhtml":                          "xhtml",
	"http://purl.org/rss/1.0/":                              "rss1",
	"http://base.google.com/ns/1.0":                         "g",
	"http://www.w3.org/XML/1998/namespace":                  "xml",
	"http://www.w3.org/1999/xlink":                          "xlink",
}

// unsupported are namespaces that the validator has heard of and cannot judge.
var unsupported = []string{
	"http://schemas.google.com/g/2005", "http://www.rawvoice.com/rawvoiceRssModule/",
	"https://schema.org/", "http://schema.org/", "https://podcastindex.org/namespace/1.0",
}

// nearly finds namespaces that differ in case or in what stands at their end.
var nearly = func() map[string]string {
	m := map[string]string{}
	for uri, prefix := range namespaces {
		m[nearMiss(uri)] = prefix
	}
	return m
}()

func nearMiss(uri string) string {
	return strings.ToLower(strings.TrimRightFunc(uri, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }))
}

// prefixOf returns the usual prefix of a known namespace.
func prefixOf(uri string) string {
	if uri == "" {
		return ""
	}
	return nearly[nearMiss(uri)]
}

// namespace judges the declaration of a namespace.
func (c *checker) namespace(prefix, uri string, n *node, atom bool) {
	usual, known := namespaces[uri]
	reserved := prefix != "" && slices.Contains(slices.Collect(maps.Values(namespaces)), prefix)
	switch {
	case len(strings.Fields(uri)) > 1:
		c.at(n, "SAXError", "invalid namespace %q", uri)
	case uri == "http://search.yahoo.com/mrss":
		c.at(n, "MediaRssNamespace", "the namespace of Media RSS ends in a slash")
	case reserved && usual != prefix:
		c.at(n, "ReservedPrefix", "prefix %s is usually another namespace's, not %s", prefix, uri)
	case known && prefix != "" && usual != prefix:
		c.at(n, "NonstdPrefix", "prefix %s for %s; it is usually %s", prefix, uri, usual)
		c.avoid(n, usual, atom)
	case known:
		if prefix != "" {
			c.avoid(n, usual, atom)
		}
	case slices.Contains(unsupported, uri):
		c.at(n, "UnsupportedNamespace", "%s", uri)
	case uri != "" && uri != "http://purl.org/atom/ns#" || prefix != "":
		if c.uri(n, asciiURI(uri), uriRef, "InvalidIRI") {
			c.at(n, "UnknownNamespace", "%s", uri)
		}
	}
}

// avoid judges prefixes in Atom, where some readers know only the default
// namespace.
func (c *checker) avoid(n *node, usual string, atom bool) {
	if atom && (usual == "atom" || usual == "xhtml") {
		c.at(n, "AvoidNamespacePrefix", "a prefix for %s", usual)
	}
}

// sorted ranges over a map in the order of its keys.
func sorted(m map[string]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
