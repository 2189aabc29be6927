package curate

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"newswire/internal/spelling"
)

// uses says which parts of an entry an expression looks at, so that the dear
// ones are made only for those that do.
type uses uint

const (
	usesSummary uses = 1 << iota
	usesContent
	usesURL
	usesAuthor
	usesTags
	usesMentions
	usesClock
)

var usesOf = map[string]uses{
	"summary": usesSummary, "content": usesContent, "url": usesURL, "host": usesURL,
	"author": usesAuthor, "tags": usesTags, "mentions": usesMentions,
	"age": usesClock, "first": usesClock, "last": usesClock,
}

// builtins are the functions of the language that rules may call: those
// whose cost is bounded by what they are given, and that ask no clock. True
// marks those that go over a list.
var builtins = map[string]bool{
	"all": true, "any": true, "none": true, "one": true, "count": true,
	"len": false, "lower": false, "upper": false, "trim": false, "trimPrefix": false, "trimSuffix": false,
	"hasPrefix": false, "hasSuffix": false, "indexOf": false,
	"abs": false, "ceil": false, "floor": false, "round": false, "int": false, "float": false, "min": false, "max": false,
}

// What the parts of an expression cost at worst, in nanoseconds a byte of the
// text they work on (measured in cost_test.go), and what an expression may
// cost in all.
const (
	costScan     = 2  // contains, indexOf, ==
	costCase     = 15 // lower, upper: letters beyond ASCII
	costPattern  = 12 // a regular expression, for each of its states that can be alive
	costMentions = 60 // to fold a text and to look up its words
	costWord     = 20 // for each word that is looked for on its own
	costStart    = 5  // for each phrase that begins with the same word
	maxCost      = 40_000_000
)

// guard walks an expression, learns what it uses and refuses what rules may
// not do.
type guard struct {
	src      string
	names    []string // variables
	uses     uses
	mentions []*matcher
	cost     int // nanoseconds, at worst
	loop     int // how often the part under the walk runs
	element  int // size of what # stands for; 0: not in a predicate
	err      *ExprError
}

// inspect checks syntax, names, functions and cost of an expression.
func inspect(src string, kind Kind) (*guard, error) {
	root, err := parse(src)
	if err != nil {
		return nil, err
	}
	g := &guard{src: src, names: names(kind), loop: 1}
	g.walk(root)
	if g.err == nil && g.cost > maxCost {
		g.fail(root, fmt.Sprintf("the expression could take %d ms on a long article (at most %d are allowed): "+
			"look at title instead of content, or use mentions() for lists of words", g.cost/1e6, maxCost/1_000_000), "")
	}
	if g.err != nil {
		return nil, g.err
	}
	return g, nil
}

func (g *guard) fail(node ast.Node, message, suggestion string) int {
	if g.err == nil {
		line, column := lineColumn(g.src, node.Location().From)
		g.err = &ExprError{Line: line, Column: column, Message: message, Suggestion: suggestion}
	}
	return 0
}

func (g *guard) spend(nanoseconds, bytes int) { g.cost += nanoseconds * bytes * g.loop }

// walk goes through the parts of a node in the order of ast.Walk, on which the
// numbers of mentions() depend. It returns the most bytes that the node's value, if it is a text, or an
// element of it, if it is a list, can have.
func (g *guard) walk(node ast.Node) int {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return g.identifier(n)
	case *ast.StringNode:
		return len(n.Value)
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return 0
	case *ast.UnaryNode:
		return g.walk(n.Node)
	case *ast.BinaryNode:
		return g.binary(n)
	case *ast.ConditionalNode:
		g.walk(n.Cond)
		return max(g.walk(n.Exp1), g.walk(n.Exp2))
	case *ast.ArrayNode:
		size := 0
		for _, element := range n.Nodes {
			size = max(size, g.walk(element))
		}
		return size
	case *ast.MemberNode:
		size := g.walk(n.Node)
		g.walk(n.Property)
		return size
	case *ast.SliceNode:
		return g.slice(n)
	case *ast.CallNode:
		return g.call(n)
	case *ast.BuiltinNode:
		return g.builtin(n)
	case *ast.PointerNode:
		return g.element
	}
	return g.fail(node, fmt.Sprintf("rules have no %s", strings.ToLower(kindOf(node))), "")
}

// kindOf names a kind of node for people.
func kindOf(node ast.Node) string {
	switch node.(type) {
	case *ast.VariableDeclaratorNode:
		return "variables (let)"
	case *ast.SequenceNode:
		return "sequences (;)"
	case *ast.MapNode:
		return "maps ({})"
	case *ast.ChainNode:
		return "optional members (?.)"
	}
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", node), "*ast."), "Node")
}

func (g *guard) identifier(n *ast.IdentifierNode) int {
	if n.Value == "mentions" {
		return g.fail(n, `mentions needs words, as in mentions("GPT", "Sora")`, "")
	}
	if !slices.Contains(g.names, n.Value) {
		message := fmt.Sprintf("unknown name %q", n.Value)
		if n.Value == "sources" || n.Value == "entries" || n.Value == "first" || n.Value == "last" {
			message += ": only a channel with stories: true has it"
		}
		return g.fail(n, message, quoted(spelling.Nearest(n.Value, g.names)))
	}
	g.uses |= usesOf[n.Value]
	return limits[n.Value]
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return `"` + s + `"`
}

func (g *guard) binary(n *ast.BinaryNode) int {
	left, right := g.walk(n.Left), g.walk(n.Right)
	switch n.Operator {
	case "..":
		return g.fail(n, "rules have no ranges (..)", "")
	case "matches":
		return g.pattern(n, left)
	case "in":
		g.lowerTags(n)
		g.spend(costScan, (left+right)*maxTags)
	case "contains", "startsWith", "endsWith", "==", "!=", "<", ">", "<=", ">=":
		g.spend(costScan, left+right)
	case "+":
		g.spend(costScan, left+right)
		return left + right
	}
	return max(left, right)
}

// lowerTags refuses a comparison that can never be true.
func (g *guard) lowerTags(n *ast.BinaryNode) {
	word, isText := n.Left.(*ast.StringNode)
	list, isName := n.Right.(*ast.IdentifierNode)
	if isText && isName && list.Value == "tags" && foldTag(word.Value) != word.Value {
		g.fail(n.Left, "tags are in lower case", quoted(foldTag(word.Value)))
	}
}

func (g *guard) pattern(n *ast.BinaryNode, size int) int {
	text, ok := n.Right.(*ast.StringNode)
	if !ok {
		return g.fail(n.Right, `matches needs its pattern in quotes, as in title matches "GPT-[0-9]"`, "")
	}
	if len(text.Value) > maxPattern {
		return g.fail(n.Right, fmt.Sprintf("the pattern is longer than %d bytes: use mentions() for lists of words", maxPattern), "")
	}
	re, err := syntax.Parse(text.Value, syntax.Perl)
	if err != nil {
		return g.fail(n.Right, "bad pattern: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "), "")
	}
	program, err := syntax.Compile(re.Simplify())
	if err != nil {
		return g.fail(n.Right, "bad pattern: "+err.Error(), "")
	}
	g.spend(costPattern*width(program), size)
	return 0
}

func (g *guard) slice(n *ast.SliceNode) int {
	size := g.walk(n.Node)
	for _, bound := range []ast.Node{n.From, n.To} {
		if bound != nil {
			g.walk(bound)
		}
	}
	g.spend(costScan, size)
	return size
}

func (g *guard) call(n *ast.CallNode) int {
	name, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return g.fail(n, "only functions can be called", "")
	}
	if name.Value != "mentions" {
		return g.fail(n.Callee, fmt.Sprintf("unknown function %q", name.Value),
			quoted(spelling.Nearest(name.Value, append(builtinNames(), "mentions"))))
	}
	if len(n.Arguments) == 0 {
		return g.fail(n, `mentions needs words, as in mentions("GPT", "Sora")`, "")
	}
	var words []string
	for _, argument := range n.Arguments {
		word, ok := argument.(*ast.StringNode)
		if !ok {
			return g.fail(argument, `mentions needs its words in quotes, as in mentions("GPT", "Sora")`, "")
		}
		if fold(word.Value) == "" {
			return g.fail(argument, "mentions has nothing to look for here", "")
		}
		words = append(words, word.Value)
	}
	g.uses |= usesMentions
	m := newMatcher(words)
	g.mentions = append(g.mentions, m)
	g.spend(costMentions+costWord*len(m.each)+costStart*m.crowd(), limits["title"]+limits["summary"]+limits["content"])
	return 0
}

func (g *guard) builtin(n *ast.BuiltinNode) int {
	overList, allowed := builtins[n.Name]
	if !allowed {
		return g.fail(n, fmt.Sprintf("rules have no function %q", n.Name), quoted(spelling.Nearest(n.Name, append(builtinNames(), "mentions"))))
	}
	if overList {
		return g.predicate(n)
	}
	total, largest := 0, 0
	for _, argument := range n.Arguments {
		size := g.walk(argument)
		total += size
		largest = max(largest, size)
	}
	switch n.Name {
	case "lower", "upper":
		g.spend(costCase, total)
		return largest * 3 / 2 // some letters' other case takes a byte more
	default:
		g.spend(costScan, total)
		return largest
	}
}

// predicate walks any(tags, …) and its like: over tags or a list written out,
// and never one within another.
func (g *guard) predicate(n *ast.BuiltinNode) int {
	if g.element > 0 {
		return g.fail(n, fmt.Sprintf("%s stands within another %s", n.Name, "any, all, none, one or count"), "")
	}
	size, times := g.walk(n.Arguments[0]), 0
	switch list := n.Arguments[0].(type) {
	case *ast.ArrayNode:
		times = len(list.Nodes)
	case *ast.IdentifierNode:
		if list.Value == "tags" {
			times = maxTags
		}
	}
	if times == 0 {
		return g.fail(n.Arguments[0], fmt.Sprintf("%s goes over tags, or over a list as in [\"a\", \"b\"]", n.Name), "")
	}
	for _, argument := range n.Arguments[1:] {
		body, ok := argument.(*ast.PredicateNode)
		if !ok {
			return g.fail(argument, fmt.Sprintf("%s needs a condition, as in %s(tags, # == \"labs\")", n.Name, n.Name), "")
		}
		g.loop, g.element = times, max(size, 1)
		g.walk(body.Node)
		g.loop, g.element = 1, 0
	}
	return 0
}
