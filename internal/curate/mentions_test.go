package curate

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMentions(t *testing.T) {
	tests := []struct {
		text, word string
		want       bool
	}{
		{"OpenAI releases Sora", "sora", true},
		{"OpenAI's model", "openai", true},
		{"GPT-4o", "GPT-4", false},
		{"GPT-4 is out", "gpt-4", true},
		{"C++ and Rust", "c++", true},
		{"snake_case", "snake", false},
		{"AI", "ai", true},
		{"said", "ai", false},
		{"large\n\tlanguage   model", "Large Language Model", true},
		{"large language models", "large language model", false},
		{"DÉJÀ vu", "déjà", true},
		{"déjà vu", "De\u0301ja\u0300", true}, // composed or not
		{"ΟΔΥΣΣΕΎΣ", "οδυσσεύς", true},        // final sigma
		{"ＡＩニュース", "AI", true},                // full width
		{"发布人工智能模型", "人工智能", true},            // no spaces between words
		{"使用GPT模型", "gpt", true},
		{"OpenAI가 발표", "OpenAI", true},
		{"искусственный интеллект", "интеллект", true},
		{"интеллекта", "интеллект", false},
		{"100%", "100%", true},
		{"№1", "1", false}, // NFKC makes No1 of it: one word
		{"e-mail", "mail", true},
		{"", "x", false},
	}
	for _, test := range tests {
		if got := newMatcher([]string{test.word}).in(fold(test.text)); got != test.want {
			t.Errorf("mentions(%q) in %q is %v", test.word, test.text, got)
		}
	}
}

// TestMatchersAgree holds that looking for each word and looking up each word
// find the same.
func TestMatchersAgree(t *testing.T) {
	letters := rapid.StringOfN(rapid.SampledFrom([]rune("aAbB1 _-'.é日ñ\u0301あ가+")), 1, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		text := fold(rapid.StringOfN(rapid.SampledFrom([]rune("aAbB1 _-'.é日ñ\u0301あ가+\x00")), 0, 60, -1).Draw(t, "text"))
		var words []string
		for _, word := range rapid.SliceOfN(letters, fewWords+1, 20).Draw(t, "words") {
			if fold(word) != "" {
				words = append(words, word)
			}
		}
		one := false
		for _, word := range words {
			one = one || findWord(text, fold(word))
		}
		if many := newMatcher(words).in(text); many != one {
			t.Fatalf("one by one %v, together %v: %q in %q", one, many, words, text)
		}
	})
}

func TestWidth(t *testing.T) {
	for pattern, atMost := range map[string]int{
		`a`:                                    2,
		`(?i)(alpha|beta|gamma|delta|epsilon)`: 16,
		`(?i)(` + strings.Repeat("openai|anthropic|", 20) + `x)`: 200,
		`[a-z]*[a-z]*[a-z]*Q`: 9,
	} {
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		program, err := syntax.Compile(parsed.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		if w := width(program); w < 1 || w > atMost || w > len(program.Inst) {
			t.Errorf("%.40s has a width of %d (%d states), want at most %d", pattern, w, len(program.Inst), atMost)
		}
	}
}

// TestWidthBounds holds that no text keeps more states alive than width says.
func TestWidthBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune("abk.*+?|()[]^$\\sw{2,}")), 1, 14, -1).Draw(t, "pattern")
		if rapid.Bool().Draw(t, "fold") {
			pattern = "(?i)" + pattern
		}
		if _, err := regexp.Compile(pattern); err != nil {
			t.Skip()
		}
		parsed, _ := syntax.Parse(pattern, syntax.Perl)
		program, _ := syntax.Compile(parsed.Simplify())
		limit := width(program)
		w := widening{prog: program}
		set := w.close(nil)
		for _, r := range rapid.StringOfN(rapid.SampledFrom([]rune("abkABK\u212aſs \nwé")), 0, 40, -1).Draw(t, "text") {
			if set = w.close(w.step(set, r)); len(set) > limit {
				t.Fatalf("%d states of %q are alive, width says %d", len(set), pattern, limit)
			}
		}
	})
}
