// Package internal holds the law of the house: who may import whom.
package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport lists, for each package, the packages of this module that it may
// import. A new arrow is drawn here first, with its reason. Only cmd/newswire
// may import everything: it wires.
var mayImport = map[string][]string{
	"feeds":             {},
	"internal/newsroom": {"feeds"},
	// Who must say "did you mean …?" asks spelling, which knows nobody.
	"internal/spelling": {},
	"internal/config":   {"internal/spelling"},
	"internal/sanitize": {"feeds"},
	"internal/egress":   {"internal/newsroom"},
	"internal/story":    {"feeds", "internal/newsroom"},
	// curate asks sanitize which addresses are one: overrides name entries by them.
	"internal/curate":   {"feeds", "internal/newsroom", "internal/sanitize", "internal/spelling"},
	"internal/articles": {"feeds", "internal/newsroom", "internal/spelling"},
	"internal/ingest":   {"feeds", "internal/newsroom", "internal/sanitize", "internal/story"},
	"internal/poll":     {"feeds", "internal/newsroom", "internal/egress"},
	"internal/websub":   {"feeds", "internal/newsroom"},
	"internal/store":    {"feeds", "internal/newsroom"},
	// publish cuts excerpts of what it publishes: cutting HTML so that it stays
	// balanced is the sanitizer's knowledge.
	"internal/publish":    {"feeds", "internal/newsroom", "internal/sanitize"},
	"internal/newsletter": {"feeds", "internal/newsroom"},
	"internal/web":        {"feeds", "internal/newsroom", "internal/sanitize"},
	// Support for tests; no package of the program may import these.
	// What `newswire demo` reads: an invented outside world, written with our own writer.
	"internal/demo":      {"feeds"},
	"internal/hostile":   {},
	"internal/feedcheck": {},
}

// testSupport may be imported by tests (and by its own command) alone.
var testSupport = []string{"internal/hostile", "internal/feedcheck"}

func TestImports(t *testing.T) {
	seen := 0
	walk(t, func(file string, f *ast.File) {
		dir := path.Dir(file)
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to, ours := strings.CutPrefix(name, "newswire/")
			if !ours || strings.HasSuffix(file, "_test.go") {
				continue
			}
			seen++
			if slices.Contains(testSupport, to) && !strings.HasPrefix(dir, to) {
				t.Errorf("%s imports %s, which is for tests alone", file, to)
			}
			if strings.HasPrefix(dir, "cmd/") || underAny(dir, testSupport) {
				continue
			}
			allowed, known := mayImport[dir]
			if !known {
				t.Errorf("%s: the package is not in the law; draw it in mayImport", file)
			} else if !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: an arrow that the law does not have", file, to)
			}
		}
	})
	if seen < 5 {
		t.Fatalf("saw only %d imports of our own: the walk is broken", seen)
	}
}

func underAny(dir string, roots []string) bool {
	for _, r := range roots {
		if dir == r || strings.HasPrefix(dir, r+"/") {
			return true
		}
	}
	return false
}

// TestOneDialer holds that only egress owns what can open a connection.
func TestOneDialer(t *testing.T) {
	forbidden := map[string][]string{
		"net/http":   {"Client", "Transport", "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
		"net":        {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer"},
		"crypto/tls": {"Dial", "DialWithDialer", "Dialer"},
	}
	found := false
	walk(t, func(file string, f *ast.File) {
		if strings.HasSuffix(file, "_test.go") || underAny(path.Dir(file), testSupport) {
			return
		}
		eachSelector(f, func(pkg, name string) {
			if !slices.Contains(forbidden[pkg], name) {
				return
			}
			if path.Dir(file) == "internal/egress" {
				found = true
				return
			}
			t.Errorf("%s uses %s.%s: only internal/egress dials out", file, pkg, name)
		})
	})
	if !found {
		t.Error("internal/egress uses no client at all: the check is broken")
	}
}

// TestOneTrustedHTML holds that markup is declared safe in one place only.
func TestOneTrustedHTML(t *testing.T) {
	count := 0
	walk(t, func(file string, f *ast.File) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		eachSelector(f, func(pkg, name string) {
			switch pkg {
			case "html/template":
				if slices.Contains([]string{"HTML", "JS", "JSStr", "CSS", "HTMLAttr", "URL", "Srcset"}, name) {
					count++
					if name != "HTML" || count > 1 {
						t.Errorf("%s uses template.%s: markup is declared safe in one place only", file, name)
					}
				}
			case "text/template":
				t.Errorf("%s uses text/template, which does not escape", file)
			}
		})
	})
}

// walk calls f for every Go file of the module, by its path from the root.
func walk(t *testing.T, f func(file string, parsed *ast.File)) {
	t.Helper()
	const root = ".."
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f(filepath.ToSlash(rel), parsed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// eachSelector calls f for every use of an imported package's name.
func eachSelector(file *ast.File, f func(pkg, name string)) {
	imports := map[string]string{}
	for _, spec := range file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = p
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && imports[id.Name] != "" {
			f(imports[id.Name], sel.Sel.Name)
		}
		return true
	})
}
