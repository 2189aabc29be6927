package curate

import "regexp/syntax"

// width bounds how many states of a regular expression can be alive at once:
// the time to match is that times the length of the text.
func width(p *syntax.Prog) int { return len(p.Inst) }
