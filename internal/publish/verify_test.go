package publish

import (
	"testing"

	"newswire/feeds"
)

// TestVerify: documents that lenient readers would take are refused.
func TestVerify(t *testing.T) {
	const head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	tests := []struct {
		name, body string
		format     feeds.Format
		ids        []string
		good       bool
	}{
		{"rss", head + `<rss><channel><item><guid>a</guid></item></channel></rss>`, feeds.RSS, []string{"a"}, true},
		{"atom", head + `<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><entry><id>a</id><source><id>s</id></source></entry></feed>`, feeds.Atom, []string{"a"}, true},
		{"json", `{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"a"}]}`, feeds.JSONFeed, []string{"a"}, true},
		{"an escaped id", head + `<rss><channel><item><guid>a&amp;b</guid></item></channel></rss>`, feeds.RSS, []string{"a&b"}, true},
		{"cut off", head + `<rss><channel><item><guid>a</guid></item></channel>`, feeds.RSS, []string{"a"}, false},
		{"an unknown entity", head + `<rss><channel><title>&nbsp;</title></channel></rss>`, feeds.RSS, nil, false},
		{"a bare ampersand", head + `<rss><channel><title>a & b</title></channel></rss>`, feeds.RSS, nil, false},
		{"a control character", head + "<rss><channel><title>\x01</title></channel></rss>", feeds.RSS, nil, false},
		{"a reference to one", head + "<rss><channel><title>&#1;</title></channel></rss>", feeds.RSS, nil, false},
		{"not UTF-8", head + "<rss><channel><title>\xff</title></channel></rss>", feeds.RSS, nil, false},
		{"a doctype", head + `<!DOCTYPE rss><rss><channel/></rss>`, feeds.RSS, nil, false},
		{"no declaration", `<rss><channel/></rss>`, feeds.RSS, nil, false},
		{"a blank before the declaration", ` ` + head + `<rss><channel/></rss>`, feeds.RSS, nil, false},
		{"two roots", head + `<rss/><rss/>`, feeds.RSS, nil, false},
		{"text after the root", head + `<rss/>text`, feeds.RSS, nil, false},
		{"nothing", "", feeds.RSS, nil, false},
		{"a page", head + `<html><body/></html>`, feeds.RSS, nil, false},
		{"an undeclared prefix", head + `<rss><channel><dc:creator/></channel></rss>`, feeds.RSS, nil, false},
		{"an attribute twice", head + `<rss version="2.0" version="2.0"/>`, feeds.RSS, nil, false},
		{"mismatched tags", head + `<rss><channel></rss></channel>`, feeds.RSS, nil, false},
		{"another id", head + `<rss><channel><item><guid>b</guid></item></channel></rss>`, feeds.RSS, []string{"a"}, false},
		{"an entry too few", head + `<rss><channel/></rss>`, feeds.RSS, []string{"a"}, false},
		{"one id twice", head + `<rss><channel><item><guid>a</guid></item><item><guid>a</guid></item></channel></rss>`, feeds.RSS, []string{"a", "a"}, false},
		{"json cut off", `{"version":"https://jsonfeed.org/version/1.1","items":[`, feeds.JSONFeed, nil, false},
		{"json with a number for an id", `{"version":"https://jsonfeed.org/version/1.1","items":[{"id":1}]}`, feeds.JSONFeed, []string{"1"}, false},
		{"json without a version", `{"items":[]}`, feeds.JSONFeed, nil, false},
		{"json and more", `{"version":"https://jsonfeed.org/version/1.1","items":[]} x`, feeds.JSONFeed, nil, false},
	}
	for _, test := range tests {
		if err := verify([]byte(test.body), test.format, test.ids); (err == nil) != test.good {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
