package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// An edition is one state of a house article's file: it is written when its
// moment has come.
type edition struct {
	after      time.Duration
	slug, head string
	date       time.Duration // since the start
	body       string
}

var editions = []edition{
	{0, "welcome", `title: What you are looking at
summary: A newsroom that was made up a minute ago, with everything that can go wrong on a real day.
author: The night desk
tags: [house]
`, -10 * time.Minute, `This is **Newswire** at work on invented sources. Keep the front page open, or subscribe to a channel in
your feed reader, and watch.

- Every few seconds one of twelve sources publishes something.
- Three of them will soon tell *the same story*.
- One report is rewritten after publication, one source goes down and comes back, one sends broken XML, and one
  throws out sixty entries at once; see the desk for what became of them.
- This newsroom's own articles lead. One of them is under embargo right now, one will be corrected.
`},
	{0, "robots-and-ledgers", `title: "Robots and ledgers: who gains when the factory is bought first"
summary: A fund that buys the plant before it automates it changes who carries the risk.
author: Lena Marchetti
tags: [house, analysis]
`, -45 * time.Minute, `Most automation is sold. The seller carries the cost of being wrong about the machine; the buyer carries the cost of
being wrong about the work. A fund that buys the factory first carries both.

| who | before | after |
|---|---|---|
| vendor | sells a promise | owns the result |
| plant | chooses | is chosen |

That is why the accounts, and not the robots, will tell how it ends.
`},
	{0, "embargo", `title: "Embargo lifted: the city of Vellmar publishes its audit of automated grading"
summary: The audit was under embargo until a moment ago; nothing of it was in any feed before.
author: Nadia Rahimi
tags: [house, policy]
`, 18 * time.Second, `The audit finds that the system graded fairly on average and unfairly at the edges: pupils who switch between two
languages lost half a grade. The city will keep the tool and publish every override.
`},
	{28 * time.Second, "robots-and-ledgers", `title: "Robots and ledgers: who gains when the factory is bought first"
summary: A fund that buys the plant before it automates it changes who carries the risk.
author: Lena Marchetti
tags: [house, analysis]
correction: An earlier version said that vendors own the plant. They own the result.
`, -45 * time.Minute, `Most automation is sold. The seller carries the cost of being wrong about the machine; the buyer carries the cost of
being wrong about the work. A fund that buys the factory first carries both.

That is why the accounts, and not the robots, will tell how it ends.
`},
}

// WriteArticles writes the house's own articles into dir: those that are there
// from the start at once, and the others when their time has come. It returns
// when the last is written or the context ends.
func WriteArticles(ctx context.Context, dir string, start time.Time) error {
	for _, e := range editions {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(start.Add(e.after))):
		}
		text := fmt.Sprintf("---\n%sdate: %s\n---\n\n%s", e.head, start.Add(e.date).UTC().Format(time.RFC3339), e.body)
		if err := os.WriteFile(filepath.Join(dir, e.slug+".md"), []byte(text), 0o644); err != nil {
			return fmt.Errorf("demo article %s: %w", e.slug, err)
		}
	}
	return nil
}
