package curate

import (
	"regexp/syntax"
	"slices"
	"unicode"
)

// maxWidthSteps is how many steps of states are taken before width gives up
// counting and takes the worst: some ten milliseconds.
const maxWidthSteps = 500_000

// width bounds how many states of a regular expression can be alive at once:
// the time to match is that times the length of the text. It walks the sets of
// states that some text can lead to; for lists of words those are small,
// however long the list is.
func width(p *syntax.Prog) int {
	w := widening{prog: p, seen: map[string]bool{}}
	for _, inst := range p.Inst {
		w.border(inst)
	}
	slices.Sort(w.borders)
	w.borders = slices.Compact(w.borders)
	start := w.close(nil)
	for queue := [][]uint32{start}; len(queue) > 0; queue = queue[1:] {
		for _, r := range w.borders {
			if w.steps += len(queue[0]); w.steps > maxWidthSteps {
				return len(p.Inst)
			}
			if next := w.close(w.step(queue[0], r)); w.note(next) {
				queue = append(queue, next)
			}
		}
	}
	return max(w.widest, len(start), 1)
}

type widening struct {
	prog    *syntax.Prog
	borders []rune // one character of each class that the expression tells apart
	seen    map[string]bool
	widest  int
	steps   int
}

// border notes where what inst matches begins and ends.
func (w *widening) border(inst syntax.Inst) {
	if inst.Op == syntax.InstRuneAny || inst.Op == syntax.InstRuneAnyNotNL {
		w.borders = append(w.borders, 0, '\n', '\n'+1)
	}
	for i, r := range inst.Rune {
		end := i%2 == 1 || len(inst.Rune) == 1
		if i%2 == 0 {
			w.borders = append(w.borders, r)
			for folded := unicode.SimpleFold(r); folded != r; folded = unicode.SimpleFold(folded) {
				w.borders = append(w.borders, folded, folded+1)
			}
		}
		if end {
			w.borders = append(w.borders, r+1)
		}
	}
}

// step returns the states that live on after a character.
func (w *widening) step(set []uint32, r rune) []uint32 {
	var next []uint32
	for _, pc := range set {
		inst := &w.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if inst.MatchRune(r) {
				next = append(next, inst.Out)
			}
		}
	}
	return next
}

// close adds the start, for a match may begin anywhere, and all that is
// reached without a character. Conditions (^, \b …) are taken to hold.
func (w *widening) close(set []uint32) []uint32 {
	reached := make([]bool, len(w.prog.Inst))
	var all []uint32
	for stack := append(set, uint32(w.prog.Start)); len(stack) > 0; {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if reached[pc] {
			continue
		}
		reached[pc] = true
		all = append(all, pc)
		inst := &w.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstNop:
			stack = append(stack, inst.Out)
		}
	}
	slices.Sort(all)
	return all
}

// note remembers a set, and reports whether it is new.
func (w *widening) note(set []uint32) bool {
	key := make([]byte, 0, 4*len(set))
	for _, pc := range set {
		key = append(key, byte(pc), byte(pc>>8), byte(pc>>16), byte(pc>>24))
	}
	if w.seen[string(key)] {
		return false
	}
	w.seen[string(key)] = true
	w.widest = max(w.widest, len(set))
	return true
}
