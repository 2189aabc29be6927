// Package feeds reads and writes web feeds: RSS, Atom and JSON Feed.
//
// The model follows Atom (RFC 4287); the other formats are mapped onto it. Its
// markup is not safe to show: sanitize it first.
//
//	f, err := feeds.Parse(response.Body, feeds.ParseOptions{Base: url, ContentType: header})
//	if f == nil {
//		return err
//	}
//	// f.Entries holds all complete entries, even if err says that the
//	// document is broken or cut: see MalformedError.
//
// Nothing here does I/O beyond its reader or writer, and nothing asks for the
// time.
//
// # What is read from where
//
// All versions of RSS (0.9x, 1.0, 2.0), Atom 0.3 and 1.0, and JSON Feed 1.0 and
// 1.1 are read. The first source that is not empty counts. dc is Dublin Core,
// a: an Atom element in RSS.
//
//	Feed          RSS                              Atom                    JSON Feed
//	ID            a:id                             id                      -
//	Title         title, a:title, dc:title         title                   title
//	Subtitle      description, itunes:summary      subtitle, tagline       description
//	Link          link, a:link alternate           link alternate (html)   home_page_url
//	Self          a:link self                      link self               feed_url
//	Hubs          a:link hub                       link hub                hubs
//	Links         other a:link                     other link              next_url
//	Language      language, dc:language, xml:lang  xml:lang                language
//	Rights        copyright, dc:rights             rights, copyright       -
//	Generator     generator, admin:generatorAgent  generator               -
//	Icon, Logo    a:icon, itunes:image             icon, logo              icon or favicon, -
//	Image         image                            -                       -
//	Authors       managingEditor, dc:creator,      author                  authors, author
//	              itunes:author or owner
//	Categories    category, dc:subject             category                -
//	Updated       lastBuildDate, pubDate, dc:date  updated, modified       -
//	TTL           ttl, sy:updatePeriod             sy:updatePeriod         -
//	Archive …     fh:archive, fh:complete          the same                -
//	Deleted       at:deleted-entry                 the same                -
//
//	Entry         RSS                              Atom                    JSON Feed
//	GUID          guid, rdf:about, a:id,           id                      id
//	              dc:identifier
//	Title         title, dc:, media: or            title                   title
//	              itunes:title
//	Link          feedburner:origLink, link,       link alternate (html),  url, id,
//	              a:link, guid, rdf:about,         id, content src         external_url
//	              enclosure
//	External      -                                link related, via       external_url
//	Summary       description, dc:description,     summary                 summary
//	              itunes:summary
//	Content       content:encoded, body            content                 content_html,
//	                                                                       content_text
//	Authors       author, dc:creator               author, source's,       authors, author,
//	                                               feed's                  feed's
//	Categories    category, dc:subject,            category                tags
//	              media:category, itunes:keywords
//	Enclosures    enclosure, media:content         link enclosure          attachments
//	Images        media:content, media:thumbnail,  media:…, link           image,
//	              itunes:image, enclosure          enclosure               banner_image
//	Comments      comments, wfw:commentRss,        link replies,           -
//	              slash:comments, a:link replies   thr:count, thr:total
//	Published     pubDate, dc:date, a:published    published, issued       date_published
//	Updated       a:updated, dcterms:modified      updated, modified       date_modified
//	Source        source                           source                  -
//	Extension     -                                -                       _members
//
// A description that is longer than a summary may be (16 KiB) is Content if
// there is no other. Plain text in places that hold markup is escaped; titles
// and names are plain text whatever they were. Relative links are resolved by
// xml:base, else in RSS by the channel's link, else by the document's URL.
package feeds
