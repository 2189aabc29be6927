package publish

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"newswire/feeds"
)

// verify parses a written document as strictly as its standard asks, and
// compares the ids of its entries with those that were to be in it. A document
// that fails never replaces one that did not.
func verify(body []byte, format feeds.Format, want []string) error {
	if !utf8.Valid(body) {
		return errors.New("it is not UTF-8")
	}
	var got []string
	var err error
	if format == feeds.JSONFeed {
		got, err = jsonIDs(body)
	} else {
		got, err = xmlIDs(body, format)
	}
	if err != nil {
		return err
	}
	if len(got) != len(want) {
		return fmt.Errorf("it holds %d entries, not %d", len(got), len(want))
	}
	seen := make(map[string]bool, len(got))
	for i, id := range got {
		if id != want[i] {
			return fmt.Errorf("entry %d is read back as %q, not %q", i+1, id, want[i])
		}
		if seen[id] {
			return fmt.Errorf("two entries have the id %q", id)
		}
		seen[id] = true
	}
	return nil
}

func jsonIDs(body []byte) ([]string, error) {
	var doc struct {
		Version string
		Title   string
		Items   []struct{ ID string }
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(doc.Version, "https://jsonfeed.org/version/1") {
		return nil, fmt.Errorf("version is %q", doc.Version)
	}
	ids := make([]string, len(doc.Items))
	for i, item := range doc.Items {
		ids[i] = item.ID
	}
	return ids, nil
}

// idPaths are where the formats keep the ids of entries.
var idPaths = map[feeds.Format]string{
	feeds.RSS:  "/rss/channel/item/guid",
	feeds.Atom: "/feed/entry/id",
}

// xmlIDs reads a whole XML document, so that it fails on anything that is not
// well-formed, and returns the ids of the entries.
func xmlIDs(body []byte, format feeds.Format) ([]string, error) {
	if !bytes.HasPrefix(body, []byte("<?xml ")) {
		return nil, errors.New("it does not begin with an XML declaration")
	}
	s := xmlScan{idPath: idPaths[format], root: strings.Split(idPaths[format], "/")[1]}
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return s.ids, s.end()
		}
		if err != nil {
			return nil, err
		}
		if err := s.take(token); err != nil {
			line, column := d.InputPos()
			return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
		}
	}
}

// An xmlScan follows a document's elements.
type xmlScan struct {
	idPath, root string

	path  []string
	roots int
	id    strings.Builder
	ids   []string
}

func (s *xmlScan) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return s.open(t)
	case xml.EndElement:
		if s.at(s.idPath) {
			s.ids = append(s.ids, s.id.String())
		}
		s.path = s.path[:len(s.path)-1]
	case xml.CharData:
		if len(s.path) == 0 && len(bytes.TrimSpace(t)) > 0 {
			return errors.New("text outside the root element")
		}
		if s.at(s.idPath) {
			s.id.Write(t)
		}
	case xml.Directive:
		return errors.New("a document type declaration")
	}
	return nil
}

func (s *xmlScan) open(t xml.StartElement) error {
	if len(s.path) == 0 {
		s.roots++
		if t.Name.Local != s.root {
			return fmt.Errorf("the root element is %s, not %s", t.Name.Local, s.root)
		}
	}
	if err := bound(t.Name); err != nil {
		return err
	}
	for i, a := range t.Attr {
		if err := bound(a.Name); err != nil {
			return err
		}
		for _, b := range t.Attr[:i] {
			if a.Name == b.Name {
				return fmt.Errorf("attribute %s stands twice", a.Name.Local)
			}
		}
	}
	name := t.Name.Local
	if foreign(t.Name.Space) {
		name = t.Name.Space + " " + name
	}
	s.path = append(s.path, name)
	s.id.Reset()
	return nil
}

// foreign reports whether a namespace is none of the formats' own.
func foreign(space string) bool {
	return space != "" && space != "http://www.w3.org/2005/Atom"
}

// bound reports a prefix without a namespace: the decoder leaves those as they stand.
func bound(name xml.Name) error {
	if name.Space == "" || name.Space == "xmlns" || strings.Contains(name.Space, ":") {
		return nil
	}
	return fmt.Errorf("the prefix of %s:%s is not declared", name.Space, name.Local)
}

// at reports whether the scan stands in the element at a path.
func (s *xmlScan) at(path string) bool {
	for i := len(s.path) - 1; i >= 0; i-- {
		rest, ok := strings.CutSuffix(path, "/"+s.path[i])
		if !ok {
			return false
		}
		path = rest
	}
	return path == ""
}

func (s *xmlScan) end() error {
	if s.roots != 1 {
		return fmt.Errorf("it has %d root elements", s.roots)
	}
	return nil
}
