package config

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// A Secret is a text that is never printed: every way of formatting it gives
// "•••" (or nothing, if it is empty).
type Secret struct{ value string }

const veil = "•••"

// NewSecret returns a Secret that holds value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the text itself.
func (s Secret) Reveal() string { return s.value }

// String returns "•••".
func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return veil
}

// Format prints "•••" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText gives "•••", in JSON and elsewhere.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives "•••".
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

var (
	variable = regexp.MustCompile(`\$\{([^}]*)\}`)
	varName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// expand puts the environment's values for each ${NAME}. The problem names
// the variable, never a value.
func expand(s string, env func(string) (string, bool)) (value, problem string) {
	value = variable.ReplaceAllStringFunc(s, func(match string) string {
		name := match[2 : len(match)-1]
		if !varName.MatchString(name) {
			problem = "${…} must name an environment variable: letters, digits and _ only"
			return ""
		}
		v, set := env(name)
		switch {
		case !set:
			problem = fmt.Sprintf("the environment variable %s is not set", name)
		case v == "":
			problem = fmt.Sprintf("the environment variable %s is empty", name)
		}
		return v
	})
	if problem == "" && strings.Contains(variable.ReplaceAllString(s, ""), "${") {
		problem = "${ has no }"
	}
	return value, problem
}
