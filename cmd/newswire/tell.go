package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
)

// The kind of messages that are summaries, and the ends of their names: the day
// in site.timezone, and where it goes.
const (
	summaryKind = "summary"
	byWebhook   = "webhook"
	byCommand   = "command"
)

const (
	summaryTick  = time.Minute
	summaryLimit = 30 * time.Second // that a webhook or command may take
	summaryLease = 2 * time.Minute  // a sender that is gone by then is taken to be dead
	summaryTries = 30               // about a day
)

// keepSummary tells editors once a day what needs them.
func (w *wire) keepSummary(ctx context.Context) error {
	tick := time.NewTicker(summaryTick)
	defer tick.Stop()
	for {
		w.tellSummary(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// tellSummary makes the day's summary when its time has come, and delivers what
// is due.
func (w *wire) tellSummary(ctx context.Context, now time.Time) {
	s := w.now.Load()
	if !s.config.Summary.Wanted() {
		w.summaryFailed.Store(nil)
		return
	}
	if err := w.makeSummary(ctx, s, now); err != nil {
		w.log.Error("the summary of the day could not be made; it is tried again in a minute", "error", err)
		return
	}
	messages, err := w.store.Begin(ctx, summaryKind, now, 10, summaryLease)
	if err != nil {
		w.log.Error("summaries cannot be delivered now", "error", err)
		return
	}
	for _, m := range messages {
		if err := w.deliver(ctx, s, m, now); err != nil && ctx.Err() == nil {
			w.log.Error("what became of a summary could not be noted: it may be told again, with the same id", "summary", m.Name, "error", err)
		}
	}
}

// summaryDay returns the day whose summary may be made; empty: its time has not
// come. A time that nobody was running at is made up for on the same day.
func summaryDay(s *settings, now time.Time) string {
	at, _ := time.Parse("15:04", s.config.Summary.At) // it was checked
	local := now.In(s.site.Timezone)
	if time.Date(local.Year(), local.Month(), local.Day(), at.Hour(), at.Minute(), 0, 0, s.site.Timezone).After(now) {
		return ""
	}
	return local.Format(time.DateOnly)
}

// makeSummary asks for the day's summary to be told. Its day is its name in the
// store: whoever asks for it again, after a restart or on another node, asks for
// nothing. A day on which nothing needs anybody is noted, too, so that there is
// one summary a day and not one for each thing that comes up.
func (w *wire) makeSummary(ctx context.Context, s *settings, now time.Time) error {
	day := summaryDay(s, now)
	if day == "" || w.summaryMade == day {
		return nil
	}
	sources, _, err := conditions(ctx, w.store, s, now)
	if err != nil {
		return err
	}
	purge := ""
	if said := w.purgeRefused.Load(); said != nil {
		purge = *said
	}
	made := summarize(s.site.Title, sources, w.reloaded.Load(), purge, now)
	made.ID = "summary " + day
	payload := ""
	if len(made.Needs) > 0 {
		text, err := json.Marshal(made)
		if err != nil {
			return err
		}
		payload = string(text)
	}
	var messages []newsroom.Message
	for by, wanted := range map[string]bool{byWebhook: s.config.Summary.Webhook.Reveal() != "", byCommand: len(s.config.Summary.Command) > 0} {
		if wanted {
			messages = append(messages, newsroom.Message{Kind: summaryKind, Name: day + " " + by, Due: now, Payload: payload})
		}
	}
	if err := w.store.Post(ctx, messages...); err != nil {
		return err
	}
	w.summaryMade = day
	return nil
}

// deliver brings one summary to where it goes, or puts it off.
func (w *wire) deliver(ctx context.Context, s *settings, m newsroom.Message, now time.Time) error {
	day, by, _ := strings.Cut(m.Name, " ")
	var err error
	switch {
	case m.Payload == "": // nothing needs anybody
	case by == byWebhook && s.config.Summary.Webhook.Reveal() != "":
		err = postSummary(ctx, s, m)
	case by == byCommand && len(s.config.Summary.Command) > 0:
		err = runSummary(ctx, s, m)
	}
	if err == nil {
		if m.Payload != "" {
			w.summaryFailed.Store(nil)
			w.log.Info("summary told", "day", day, "by", by)
		}
		return w.store.Done(ctx, m)
	}
	if ctx.Err() != nil {
		return nil // its lease ends
	}
	w.log.Error("the summary could not be told", "day", day, "by", by, "tries", m.Tries, "error", err)
	said := fmt.Sprintf("The summary of %s was not told: %v. Tried %s", day, err, counted(m.Tries, "time", "times"))
	if m.Tries >= summaryTries {
		said += "; given up."
		w.summaryFailed.Store(&said)
		return w.store.Done(ctx, m)
	}
	next := now.Add(min(time.Minute<<min(m.Tries-1, 6), time.Hour))
	said += ", again at " + next.In(s.site.Timezone).Format("15:04") + "."
	w.summaryFailed.Store(&said)
	return w.store.Delay(ctx, m, next)
}

// postSummary posts a summary to the webhook. Of its address, the error says
// the host alone: all else may be a secret.
func postSummary(ctx context.Context, s *settings, m newsroom.Message) error {
	config := newEgress(s)
	config.AllowNetworks, config.HostInterval = s.config.Summary.AllowNetworks, 0
	config.Timeouts.Total = summaryLimit
	client := egress.New(config)
	defer client.Close()
	address := s.config.Summary.Webhook.Reveal()
	_, err := client.Do(ctx, egress.Request{
		Method: http.MethodPost, URL: address, Accept: "*/*", Body: []byte(m.Payload), MaxBody: 64 << 10,
		Header: http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {m.Name}},
	})
	failure, ok := errors.AsType[*egress.Failure](err)
	switch {
	case err == nil, ok && failure.Status >= 200 && failure.Status < 300: // what it answers does not matter
		return nil
	case !ok:
		return err
	}
	host := "the webhook"
	if u, err := url.Parse(address); err == nil {
		host = "the webhook at " + u.Hostname()
	}
	reason := string(failure.Class)
	if failure.Status != 0 {
		reason += fmt.Sprintf(", status %d", failure.Status)
	}
	if failure.Class == newsroom.ClassSSRFBlocked {
		reason += " (summary.allow_networks opens private networks to it)"
	}
	return fmt.Errorf("%s: %s", host, reason)
}

// runSummary gives a summary to the command. What that prints is nobody's: it
// may hold secrets.
func runSummary(ctx context.Context, s *settings, m newsroom.Message) error {
	argv := s.config.Summary.Command
	ctx, cancel := context.WithTimeout(ctx, summaryLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = filepath.Dir(s.file)
	cmd.Stdin = bytes.NewReader([]byte(m.Payload))
	cmd.Env = commandEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("it took longer than %v", summaryLimit)
	}
	if err != nil {
		return fmt.Errorf("the command %s: %w", filepath.Base(argv[0]), err)
	}
	return nil
}

// commandEnv is what a command needs of our environment, which holds secrets.
func commandEnv() (env []string) {
	for _, name := range []string{"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
