package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"newswire/internal/newsroom"
)

type whyCommand struct {
	Entry string `arg:"" name:"URL|ID" help:"An entry's address, public id or GUID."`
	JSON  bool   `help:"Print one JSON document."`
}

// why is what `why --json` prints of an entry.
type why struct {
	ID        string            `json:"id"`
	Title     string            `json:"title"`
	URL       string            `json:"url"`
	Aliases   []string          `json:"aliases"`
	Source    string            `json:"source"`
	FirstSeen *time.Time        `json:"first_seen"`
	Published *time.Time        `json:"published"`
	Verdict   newsroom.Decision `json:"verdict"`
	Rule      string            `json:"rule"`
	Story     *string           `json:"story"` // null: the entry is in no story
	Channels  []string          `json:"channels"`
	LeftOut   map[string]string `json:"left_out,omitempty"` // of the channel's line-up, by which cap
	WordsOf   map[string]string `json:"words_of,omitempty"` // by channel: the source in whose words it stands, if not its own
	AlsoIn    []string          `json:"also_in,omitempty"`
	Versions  []formerTitle     `json:"versions,omitempty"`
	Withdrawn *time.Time        `json:"withdrawn,omitempty"`
}

// A formerTitle is an earlier state of an entry.
type formerTitle struct {
	Until *time.Time `json:"until"`
	Title string     `json:"title"`
}

// Run tells everything known about an entry.
func (c *whyCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, db, err := openStored(ctx, cli.Config)
	if err != nil {
		return err
	}
	defer db.Close()
	w := quietWire(s, db)
	entries, err := w.door.Find(ctx, db, c.Entry)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("no source has ever brought %q (newswire preview shows what a source offers now)", oneLine(c.Entry))
	}
	var list []why
	for _, e := range entries {
		answer, err := w.why(ctx, e)
		if err != nil {
			return err
		}
		list = append(list, answer)
	}
	if !c.JSON {
		for _, answer := range list {
			answer.print(t)
		}
		return nil
	}
	if len(list) == 1 {
		return t.printJSON(list[0])
	}
	return t.printJSON(list)
}

func (w *wire) why(ctx context.Context, e newsroom.Entry) (why, error) {
	d, err := w.store.Dossier(ctx, e.Key)
	if err != nil {
		return why{}, err
	}
	answer := why{
		ID: e.ID, Title: e.Title, URL: e.Link, Source: e.Source, FirstSeen: utc(e.FirstSeen), Published: utc(e.Published),
		Verdict: e.Verdict.Decision, Rule: e.Verdict.Rule, Channels: append([]string{}, d.Channels...),
		AlsoIn: e.AlsoIn, Withdrawn: utc(e.Withdrawn), Aliases: []string{}, LeftOut: map[string]string{},
	}
	if src, ok := w.now.Load().known()[e.Source]; ok {
		answer.Source = src.Name
	}
	for _, a := range d.Aliases {
		answer.Aliases = append(answer.Aliases, fmt.Sprintf("%s:%x", a.Kind, a.Hash[:8]))
	}
	for _, v := range d.Versions {
		answer.Versions = append(answer.Versions, formerTitle{utc(v.At), v.Title})
	}
	if answer.WordsOf, err = w.wordsOf(ctx, e.Key); err != nil {
		return why{}, err
	}
	for _, channel := range d.Channels {
		cap, err := w.leftOut(ctx, channel, e.Key)
		if err != nil {
			return why{}, err
		}
		if cap != "" {
			answer.LeftOut[channel] = cap
		}
	}
	return answer, nil
}

// wordsOf names the sources in whose words an entry stands, by channel.
func (w *wire) wordsOf(ctx context.Context, key int64) (map[string]string, error) {
	places, err := w.store.Places(ctx, key)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for channel, ref := range places {
		if ref.Voice == 0 {
			continue
		}
		names[channel] = ref.Source
		if src, ok := w.now.Load().configured(ref.Source); ok {
			names[channel] = src.Name
		}
	}
	return names, nil
}

// leftOut returns which cap keeps a member of a channel out of its line-up,
// empty if none does.
func (w *wire) leftOut(ctx context.Context, channel string, key int64) (string, error) {
	ch := newsroom.Channel{Name: channel}
	if i := slices.IndexFunc(w.now.Load().channels, func(c newsroom.Channel) bool { return c.Name == channel }); i >= 0 {
		ch = w.now.Load().channels[i]
	}
	pinned, err := w.findPins(ctx)
	if err != nil {
		return "", err
	}
	in, out, err := w.chosen(ctx, ch, pinned)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(in, func(r newsroom.Ref) bool { return r.Key == key }) {
		return "", nil
	}
	for _, x := range out {
		if x.Key == key {
			return x.Rule, nil
		}
	}
	return "channels[" + channel + "].entries", nil
}

func (a why) print(t *terminal) {
	row := func(name, value string) []cell { return []cell{{name, dim}, {oneLine(value), plain}} }
	rows := [][]cell{
		row("id", a.ID), row("url", a.URL), row("source", a.Source),
		row("first seen", a.FirstSeen.Format(time.RFC3339)),
		{{"verdict", dim}, {string(a.Verdict) + " by " + a.Rule, verdictPaint(a.Verdict)}},
		row("channels", strings.Join(a.Channels, ", ")),
	}
	for _, channel := range a.Channels {
		if cap := a.LeftOut[channel]; cap != "" {
			rows = append(rows, row("", "not in the line-up of "+channel+" now: "+cap))
		}
	}
	for _, channel := range a.Channels {
		if name := a.WordsOf[channel]; name != "" {
			rows = append(rows, row("", "in "+channel+" it stands in the words of "+name+", whose page it is"))
		}
	}
	if len(a.AlsoIn) > 0 {
		rows = append(rows, row("also in", strings.Join(a.AlsoIn, ", ")))
	}
	if a.Withdrawn != nil {
		rows = append(rows, row("withdrawn", a.Withdrawn.Format(time.RFC3339)))
	}
	for _, v := range a.Versions {
		rows = append(rows, row("until "+v.Until.Format(time.DateTime), v.Title))
	}
	rows = append(rows, row("known as", strings.Join(a.Aliases, " ")))
	fmt.Fprintln(t.out, oneLine(a.Title))
	t.printTable([]string{"", ""}, rows)
}
