package articles

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"newswire/internal/sanitize"
)

// TestNewsroom reads the example newsroom that is shipped: nothing is wrong
// with it, every article has what readers are shown, and what the door's
// judge of markup takes from it is nothing that they would miss.
func TestNewsroom(t *testing.T) {
	shipped := os.DirFS("../../articles")
	d := Dir{FS: shipped, BaseURL: "https://news.example"}
	r, err := d.Read(now)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) > 0 || len(r.Broken) > 0 || len(r.Feed.Entries) < 4 {
		t.Fatalf("%d articles, problems %v, broken %v", len(r.Feed.Entries), r.Problems, r.Broken)
	}
	base, _ := url.Parse(d.BaseURL)
	corrections := 0
	for _, e := range r.Feed.Entries {
		a := r.Articles[e.GUID]
		if a.Correction != "" {
			corrections++
		}
		if e.Summary == "" || len(e.Authors) == 0 || len(e.Categories) == 0 || len(e.Images) != 1 || e.Images[0].Title == "" || e.Published.IsZero() {
			t.Errorf("%s lacks something: %+v", e.GUID, e)
		}
		clean := sanitize.HTML(e.Content, base)
		text, before := strings.Fields(sanitize.Text(clean)), strings.Fields(sanitize.Text(e.Content))
		if !slices.Equal(text, before) {
			t.Errorf("%s loses words at the door", e.GUID)
		}
		if len(text) < 350 || len(text) > 750 || a.ReadingMinutes < 2 || a.ReadingMinutes > 3 {
			t.Errorf("%s has %d words and takes %d minutes", e.GUID, len(text), a.ReadingMinutes)
		}
		for _, tag := range []string{"<a", "<table", "<h2", "<img", "<li"} {
			// Links within the page go: their targets do.
			if want := strings.Count(string(e.Content), tag) - strings.Count(string(e.Content), `<a href="#`); tag == "<a" && strings.Count(string(clean), tag) != want {
				t.Errorf("%s loses links at the door", e.GUID)
			} else if tag != "<a" && strings.Count(string(clean), tag) != strings.Count(string(e.Content), tag) {
				t.Errorf("%s loses %s at the door", e.GUID, tag)
			}
		}
	}
	if corrections != 1 {
		t.Errorf("%d corrections: the example shows one", corrections)
	}
	images, err := fs.Glob(shipped, "images/*.svg")
	if err != nil || len(images) < 4 {
		t.Fatal(images, err)
	}
	for _, name := range images {
		harmlessImage(t, shipped, name)
	}
}

// harmlessImage holds that an SVG is well-formed, of the size that previews
// want, and draws only: no program, no style, nothing from elsewhere.
func harmlessImage(t *testing.T, folder fs.FS, name string) {
	t.Helper()
	f, err := folder.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec := xml.NewDecoder(f)
	for first := true; ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if slices.Contains([]string{"script", "style", "image", "foreignObject", "use", "a", "text"}, start.Name.Local) {
			t.Errorf("%s: element %s", name, start.Name.Local)
		}
		size := map[string]string{}
		for _, attr := range start.Attr {
			size[attr.Name.Local] = attr.Value
			if attr.Name.Local != "xmlns" && (strings.Contains(attr.Value, "//") || strings.HasPrefix(attr.Name.Local, "on") || attr.Name.Local == "href" || attr.Name.Local == "style") {
				t.Errorf("%s: %s=%q", name, attr.Name.Local, attr.Value)
			}
		}
		if first && (size["width"] != "1200" || size["height"] != "630" || size["viewBox"] != "0 0 1200 630") {
			t.Errorf("%s is %s × %s", name, size["width"], size["height"])
		}
		first = false
	}
}
