package curate

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// A Kind says what an expression is asked about.
type Kind int

// The kinds.
const (
	Entry Kind = iota // one entry
	Story             // a story: its lead, and sources, entries, first, last
)

// Limits of one expression. Together with the limits of what it sees
// (limits in subject.go) they bound the time it can take.
const (
	maxSource  = 8 << 10 // bytes
	maxNodes   = 250     // of its syntax tree: a mentions() of 200 words fits
	maxPattern = 1 << 10 // bytes, of a regular expression
	maxMemory  = 100_000 // elements that the virtual machine may allocate
)

// An ExprError says what is wrong with an expression, and where.
type ExprError struct {
	Line, Column int // in the expression, counted from 1, columns in characters
	Message      string
	Suggestion   string // the nearest word that would be right; may be empty
}

// Error returns message and suggestion, without the position.
func (e *ExprError) Error() string {
	if e.Suggestion == "" {
		return e.Message
	}
	return fmt.Sprintf("%s; did you mean %s?", e.Message, e.Suggestion)
}

// Position returns Line and Column.
func (e *ExprError) Position() (line, column int) { return e.Line, e.Column }

// Check reports what is wrong with an expression, as an *ExprError.
func Check(expression string, kind Kind) error {
	_, err := newRule("", expression, kind)
	return err
}

// A rule is a compiled expression.
type rule struct {
	name     string
	program  *vm.Program
	uses     uses
	mentions []*matcher
	failed   atomic.Int64
}

func newRule(name, src string, kind Kind) (*rule, error) {
	g, err := inspect(src, kind)
	if err != nil {
		return nil, err
	}
	options := []expr.Option{
		expr.Env(entryEnv{}),
		expr.AsBool(),
		expr.MaxNodes(maxNodes),
		expr.DisableAllBuiltins(),
		expr.Patch(new(numberMentions)),
	}
	if kind == Story {
		options[0] = expr.Env(storyEnv{})
	}
	for builtin := range builtins {
		options = append(options, expr.EnableBuiltin(builtin))
	}
	program, err := expr.Compile(src, options...)
	if err != nil {
		return nil, exprError(src, err)
	}
	return &rule{name: name, program: program, uses: g.uses, mentions: g.mentions}, nil
}

// numberMentions turns the words of each mentions("a", "b") into the number of
// its matcher. It meets the calls in the order in which inspect met them.
type numberMentions struct{ next int }

func (p *numberMentions) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok {
		return
	}
	if name, ok := call.Callee.(*ast.IdentifierNode); ok && name.Value == "mentions" {
		call.Arguments = []ast.Node{&ast.IntegerNode{Value: p.next}}
		p.next++
	}
}

// machines are virtual machines at rest; each keeps its stack for reuse.
var machines = sync.Pool{New: func() any { return &vm.VM{MemoryBudget: maxMemory} }}

// holds reports whether the rule's expression is true of the subject. An
// expression that fails does not hold.
func (r *rule) holds(s *subject) bool {
	s.prepare(r)
	machine := machines.Get().(*vm.VM)
	defer machines.Put(machine)
	result, err := machine.Run(r.program, s.environment())
	if err != nil {
		r.failed.Add(1)
		return false
	}
	return result == true
}

// exprError translates an error of the expression library.
func exprError(src string, err error) *ExprError {
	e := &ExprError{Line: 1, Column: 1, Message: firstLine(err.Error())}
	if f, ok := errors.AsType[*file.Error](err); ok {
		e.Message = firstLine(f.Message)
		e.Line, e.Column = lineColumn(src, f.From)
	}
	got, notBool := strings.CutPrefix(e.Message, "expected bool, but got ")
	switch {
	case notBool:
		e.Message = "the expression gives a " + got + "; a rule must be true or false"
	case e.Message == `unexpected token Operator("=")`:
		e.Message = "write == to compare; = has no meaning here"
	case strings.Contains(e.Message, "exceeds maximum allowed nodes"):
		e.Message = fmt.Sprintf("more than %d names, words and operators: split the rule", maxNodes)
	}
	return e
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// lineColumn returns where in src the character with this number is.
func lineColumn(src string, offset int) (line, column int) {
	line, column = 1, 1
	for i, r := range []rune(src) {
		if i == offset {
			break
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}

// parse is the syntax alone.
func parse(src string) (ast.Node, error) {
	switch {
	case strings.TrimSpace(src) == "":
		return nil, &ExprError{Line: 1, Column: 1, Message: "the expression is empty"}
	case len(src) > maxSource:
		return nil, &ExprError{Line: 1, Column: 1, Message: fmt.Sprintf("the expression is longer than %d bytes", maxSource)}
	case !utf8.ValidString(src):
		return nil, &ExprError{Line: 1, Column: 1, Message: "the expression is not valid UTF-8"}
	}
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	tree, err := parser.ParseWithConfig(src, config)
	if err != nil {
		return nil, exprError(src, err)
	}
	return tree.Node, nil
}

// names lists what an expression of this kind can say, and functions.
func names(kind Kind) []string {
	all := fieldNames(reflect.TypeFor[entryEnv]())
	if kind == Story {
		all = append(all, fieldNames(reflect.TypeFor[storyEnv]())...)
	}
	return all
}

func fieldNames(t reflect.Type) []string {
	var all []string
	for f := range t.Fields() {
		if name := f.Tag.Get("expr"); name != "" {
			all = append(all, name)
		}
	}
	return all
}

// builtinNames lists the functions that rules may call.
func builtinNames() []string { return slices.Sorted(maps.Keys(builtins)) }
