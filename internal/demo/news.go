package demo

// What the invented newsroom writes about. Nothing here exists: every name of
// a company, model, person or paper is made up.

// A desk is one invented source and what it tends to write about.
type desk struct {
	name, path, tag string
	format          string // rss, atom, json, rdf, broken
	author          string
	actors          []string
	verbs           []string
	objects         []string
}

var desks = []desk{
	{"Northlake Labs", "northlake", "labs", "rss", "Ines Halvorsen",
		[]string{"Northlake", "Our agents team", "The Northlake safety group"},
		[]string{"releases", "opens access to", "explains", "retires", "doubles the context of"},
		[]string{"Tern 3, a small model for phones", "the Kestrel reasoning series", "its red-teaming handbook", "a voice interface in forty languages", "tool use without a cloud", "an evaluation suite for newsrooms", "the Tern tokenizer"}},
	{"Quillon Research", "quillon", "labs", "atom", "Tomasz Bielak",
		[]string{"Quillon", "A Quillon study", "The Quillon interpretability team"},
		[]string{"maps", "finds", "publishes", "questions", "reproduces"},
		[]string{"how a model stores dates", "why long prompts drift", "a circuit for negation", "the cost of chain-of-thought", "an atlas of refusal behaviors", "a simpler recipe for distillation", "what pruning forgets"}},
	{"Heliograph AI", "heliograph", "labs", "json", "Amara Osei",
		[]string{"Heliograph", "Heliograph Vision", "Heliograph's robotics unit"},
		[]string{"ships", "previews", "prices", "open-sources", "delays"},
		[]string{"a video model that keeps its actors", "Beacon 2 for developers", "its warehouse arm", "a watermark for audio", "Beacon's image editor", "an on-device translator", "the Lantern safety cards"}},
	{"The Cortex Post", "cortexpost", "outlets", "rss", "Maud Leclerc",
		[]string{"A hospital chain", "The city of Vellmar", "A publisher's alliance", "The airline Skein", "A teachers' union"},
		[]string{"signs for", "sues over", "abandons", "expands", "audits"},
		[]string{"an AI triage system", "automated grading", "its chatbot for tenants", "a training-data license", "machine-written alerts", "predictive maintenance", "synthetic customer calls"}},
	{"Silicon Ledger", "ledger", "outlets", "atom", "Rohan Mistry",
		[]string{"Investors in Quillon", "Chipmaker Tessera", "The startup Palimpsest", "Cloud group Osprey", "Robot maker Anvil & Sons"},
		[]string{"weigh", "raises money for", "writes down", "bets on", "spins off"},
		[]string{"a second datacenter in the north", "agents for accountants", "inference at the edge", "a compute futures market", "its data-labeling arm", "factories run by software", "a model insurance fund"}},
	{"Morning Model", "morning", "newsletters", "rss", "Jo Abernathy",
		[]string{"Five things about", "What to make of", "The case against", "A reader asks about", "Notes on"},
		[]string{"the week's", "yesterday's", "the surprising", "the quiet", "the overdue"},
		[]string{"open-weights wave", "benchmark reshuffle", "copyright ruling", "agent outage", "price war", "robot demo", "safety pledge"}},
	{"Preprint Radar", "preprints", "research", "rdf", "",
		[]string{"Sparse attention", "Curriculum unlearning", "Retrieval without indexes", "Self-play for theorem proving", "Low-rank memory"},
		[]string{"improves", "does not improve", "explains", "bounds", "stabilizes"},
		[]string{"translation of rare languages", "long-horizon planning", "protein design", "tabular reasoning", "speech in noise", "multi-agent negotiation", "weather nowcasting"}},
	{"Policy Signal", "policy", "policy", "atom", "Elke Brandt",
		[]string{"Regulators", "A parliamentary committee", "The standards body", "Competition authorities", "Three ministries"},
		[]string{"consult on", "agree on", "postpone", "narrow", "investigate"},
		[]string{"disclosure rules for synthetic media", "liability for agents", "compute reporting thresholds", "model audits in banking", "training-data transparency", "a code for election bots", "procurement of foundation models"}},
	{"Tessera Compute", "tessera", "hardware", "rss", "Priya Venkataraman",
		[]string{"Tessera", "The T9 accelerator", "Tessera's foundry partner"},
		[]string{"samples", "benchmarks", "cools", "recalls", "benefits from"},
		[]string{"stacked memory at scale", "the T9 in liquid racks", "an optical interconnect", "a 40-watt inference card", "the new compiler", "chiplets from two fabs", "sparsity in hardware"}},
	{"Open Weights Forum", "forum", "community", "broken", "",
		[]string{"Ask: does anyone run", "Show: I fine-tuned", "Guide: quantizing", "Help: my GPU hates", "Tip: serve"},
		[]string{"", "finally", "overnight,", "on a laptop,", "from scratch,"},
		[]string{"Tern 3 & friends", "a 9B model < 6 GB", "LoRA & DPO together", "speech-to-text for radio", "a home newsroom assistant", "RAG over 30 years of minutes", "Kestrel at 4 bits"}},
	{"Gradient Review", "gradient", "research", "json", "Samuel Okonkwo",
		[]string{"Essay:", "Review:", "Interview:", "Replication report:", "Data note:"},
		[]string{"what we know about", "the missing controls in", "a year of", "the economics of", "second thoughts on"},
		[]string{"scaling curves", "human preference data", "emergence claims", "machine translation of law", "AI tutors", "synthetic benchmarks", "evaluation leakage"}},
	{"Benchmark Firehose", "firehose", "community", "rss", "",
		[]string{"Tern 3", "Kestrel-R", "Beacon 2", "Palimpsest-7", "Osprey-Chat"},
		[]string{"scores on", "regresses on", "tops", "is re-run on", "ties on"},
		[]string{"LongDocs", "ToolBench-Z", "MathOlym", "CodeRefactor", "FactTrace", "PolyglotQA", "AgentMaze"}},
}

// openers and closers make up the body of an invented report; each takes the headline's parts.
var openers = []string{
	"%s said on %s that the work had been under way for most of the year.",
	"People close to %s describe the move as overdue; it was confirmed on %s.",
	"In a note dated %[2]s, %[1]s set out what changes and what does not.",
	"The announcement by %s came on %s, a week earlier than expected.",
}

var middles = []string{
	"Two independent groups have seen early results and call them solid but narrow.",
	"The figures were measured on public test sets, and the scripts are promised for next month.",
	"Costs fall by about a third, mostly because idle capacity is shared.",
	"Critics point out that the evaluation leaves out the hardest tenth of the cases.",
	"Customers in three countries take part in the first phase.",
	"What remains unclear is who answers for mistakes once the pilot ends.",
}

var closers = []string{
	"A fuller report is due before the end of the quarter.",
	"Competitors declined to comment.",
	"The documents are public; the training data is not.",
	"We will update this report when the first outside audit is in.",
}
