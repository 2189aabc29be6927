package poll

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime/debug"
	"time"

	"newswire/feeds"
	"newswire/internal/egress"
	"newswire/internal/newsroom"
)

// ask asks a source that we hold the claim on, settles the claim, and reports.
// It returns within the watchdog's time, whatever the source, the parser or
// the store hang in.
func (p *Poller) ask(ctx context.Context, e *enrolled, claim newsroom.Claim) Result {
	ctx, cancel := context.WithTimeout(ctx, watchdog)
	defer cancel()
	v := &visit{source: e.source, schedule: e.schedule, policy: p.Policy, before: claim.Check, at: stamp(time.Now())}
	began := time.Now()
	done := make(chan Result, 1) // the worker leaves even if nobody waits any more
	go func() { done <- p.safely(ctx, *v, claim) }()

	timer := time.NewTimer(watchdog + settling)
	defer timer.Stop()
	var res Result
	select {
	case res = <-done:
	case <-timer.C:
		f := &egress.Failure{Class: newsroom.ClassInternal, Text: fmt.Sprintf("not done after %s; given up", watchdog)}
		res = p.settle(ctx, claim, v.failed(f))
	}
	res.Source, res.Began, res.Took = e.source.Slug, began, time.Since(began)
	if !errors.Is(res.Err, context.Canceled) { // we gave up: that says nothing of the source
		p.report(ctx, res)
	}
	return res
}

// safely visits a source and turns a panic into a failure of this source.
func (p *Poller) safely(ctx context.Context, v visit, claim newsroom.Claim) (res Result) {
	defer func() {
		if cause := recover(); cause != nil {
			p.log().Error("panic while asking a source", "source", v.source.Slug, "panic", fmt.Sprintf("%.300q", fmt.Sprint(cause)), "stack", string(debug.Stack()))
			f := &egress.Failure{Class: newsroom.ClassInternal, Text: "a fault of Newswire; the log has the stack"}
			res = p.settle(ctx, claim, v.failed(f))
		}
	}()
	return p.visit(ctx, &v, claim)
}

// visit asks the source and settles what came of it.
func (p *Poller) visit(ctx context.Context, v *visit, claim newsroom.Claim) Result {
	if left := v.before.Next.Sub(v.at); left > 0 && v.before.Class == newsroom.ClassRateLimited {
		f := &egress.Failure{Class: newsroom.ClassRateLimited, RetryAfter: left}
		f.Text = "the host asked us to stay away until " + v.before.Next.UTC().Format(time.RFC3339)
		return p.postpone(ctx, v, claim, f)
	}
	resp, err := p.Client.Get(ctx, v.request(p.Robots))
	f := failureOf(err)
	switch {
	case err != nil && f == nil:
		return p.stopped(ctx, v, claim, err)
	case f != nil && f.NotAsked():
		return p.postpone(ctx, v, claim, f)
	case resp == nil:
		return p.failed(ctx, v, claim, f)
	}
	v.at = stamp(resp.Asked)
	switch {
	case resp.NotModified:
		return p.settle(ctx, claim, v.notModified(resp))
	case f == nil && v.same(resp):
		res := p.settle(ctx, claim, v.unchanged(resp))
		res.Unchanged, res.Bytes, res.Wire = true, len(resp.Body), resp.Wire
		return res
	}
	return p.take(ctx, v, claim, resp, f)
}

// request returns the request for the source's feed.
func (v *visit) request(robots egress.Robots) egress.Request {
	r := egress.Request{URL: v.source.URL, Header: v.source.Headers, Robots: robots}
	if !v.policy.Forced(v.before, v.at) {
		r.Validators, r.ValidatorsURL = v.before.Validators, v.before.FinalURL
	}
	return r
}

// same reports whether the document is the one that we know. Once a day it is
// read again all the same.
func (v *visit) same(resp *egress.Response) bool {
	return resp.Hash == v.before.BodyHash && v.before.Class.Good() && !v.policy.Forced(v.before, v.at)
}

func failureOf(err error) *egress.Failure {
	f := new(egress.Failure)
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// failed settles a failure. A host that says "too many requests" means all of
// ours.
func (p *Poller) failed(ctx context.Context, v *visit, claim newsroom.Claim, f *egress.Failure) Result {
	if !f.Asked.IsZero() {
		v.at = stamp(f.Asked)
	}
	check := v.failed(f)
	if f.Class == newsroom.ClassRateLimited && f.FinalURL != "" {
		p.Client.Pause(f.FinalURL, check.Next)
	}
	return p.settle(ctx, claim, check)
}

// take reads the document, hands it to the newsroom and settles the claim
// inside the newsroom's transaction. f says how the document was cut, if it was.
func (p *Poller) take(ctx context.Context, v *visit, claim newsroom.Claim, resp *egress.Response, f *egress.Failure) Result {
	done, err := p.readTurn(ctx)
	if err != nil {
		return p.untaken(ctx, v, claim, resp, err)
	}
	defer done()
	feed, problem := read(resp, f)
	if feed == nil {
		problem.Status, problem.Permanent = resp.Status, resp.Permanent
		return p.settle(ctx, claim, v.failed(problem))
	}
	settle := func(o Outcome) newsroom.Check { return v.parsed(resp, feed, o, problem) }
	reading := Reading{Feed: feed, At: v.at, Partial: problem != nil && !problem.Class.Good()}
	outcome, err := p.Take(ctx, v.source, claim, reading, settle)
	if err != nil {
		return p.untaken(ctx, v, claim, resp, err)
	}
	res := resultOf(settle(outcome))
	res.Outcome, res.Entries, res.Bytes, res.Wire = outcome, len(feed.Entries), len(resp.Body), resp.Wire
	return res
}

// untaken settles what came of a document that the newsroom did not take.
func (p *Poller) untaken(ctx context.Context, v *visit, claim newsroom.Claim, resp *egress.Response, err error) Result {
	switch {
	case errors.Is(err, newsroom.ErrFenced):
		return Result{Class: newsroom.ClassStorage, Problem: "storage: " + newsroom.ErrFenced.Error(), Check: claim.Check, Err: err}
	case errors.Is(err, context.Canceled):
		return p.stopped(ctx, v, claim, err)
	}
	p.log().Error("cannot store what a source gave", "source", v.source.Slug, "error", err)
	return p.settle(ctx, claim, v.failed(&egress.Failure{Class: newsroom.ClassStorage, Status: resp.Status, Text: "the entries could not be stored; they will be asked for again"}))
}

// settle ends a claim with a Check.
func (p *Poller) settle(ctx context.Context, claim newsroom.Claim, check newsroom.Check) Result {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	res := resultOf(check)
	res.Err = p.Store.Settle(ctx, claim, check)
	return res
}

// release ends a claim as if the source had not been asked.
func (p *Poller) release(ctx context.Context, claim newsroom.Claim, next time.Time, cause error) Result {
	check := claim.Check
	check.Next = next
	res := p.settle(ctx, claim, check)
	res.Err = errors.Join(cause, res.Err)
	return res
}

// stopped ends a claim when we were stopped. Its server was asked all the same:
// the next process keeps the least interval.
func (p *Poller) stopped(ctx context.Context, v *visit, claim newsroom.Claim, cause error) Result {
	claim.Check.LastAsked = v.at
	return p.release(ctx, claim, v.at.Add(p.Policy.MinInterval), cause)
}

// postpone ends a claim on a source whose host asked us to stay away. Nothing
// was learned of the source.
func (p *Poller) postpone(ctx context.Context, v *visit, claim newsroom.Claim, f *egress.Failure) Result {
	res := p.release(ctx, claim, v.at.Add(max(f.RetryAfter, time.Second)), nil)
	res.Class, res.Problem = f.Class, f.Error()
	return res
}

func resultOf(c newsroom.Check) Result {
	return Result{Source: c.Source, Class: c.Class, Problem: c.Problem, Status: c.Status, Check: c}
}

// read parses a document. With a nil feed comes the failure that explains it;
// with a feed, what was wrong with its document, if anything was. cut says how
// the body ended early.
func read(resp *egress.Response, cut *egress.Failure) (*feeds.Feed, *egress.Failure) {
	base, err := url.Parse(resp.FinalURL)
	if err != nil {
		base = nil
	}
	feed, err := feeds.Parse(bytes.NewReader(resp.Body), feeds.ParseOptions{Base: base, ContentType: resp.ContentType})
	if feed != nil && cut == nil && err == nil {
		return feed, nil
	}
	if cut != nil {
		if feed != nil && len(feed.Entries) == 0 {
			feed = nil
		}
		return feed, cut
	}
	return feed, documentFailure(err, resp.Delimited, feed)
}

// documentFailure says what the parser's error means. A document whose end is
// missing was cut on its way if the server did not say how long it is.
func documentFailure(err error, delimited bool, feed *feeds.Feed) *egress.Failure {
	because := func(class newsroom.Class, text string) *egress.Failure {
		return &egress.Failure{Class: class, Text: text}
	}
	text := shortened(err)
	malformed := new(feeds.MalformedError)
	switch {
	case errors.As(err, &malformed):
		switch {
		case errors.Is(err, feeds.ErrLimits) && malformed.Truncated:
			return because(newsroom.ClassLimits, text)
		case malformed.Truncated && !delimited:
			return because(newsroom.ClassTruncated, text)
		case malformed.Truncated || feed == nil:
			return because(newsroom.ClassParse, text)
		case malformed.Cut || malformed.Resynced:
			return because(newsroom.ClassPartial, text)
		}
		return nil // it was not as it should be, but nothing is missing
	case errors.Is(err, feeds.ErrEmpty):
		return because(newsroom.ClassEmpty, "the document is empty")
	case errors.Is(err, feeds.ErrNotFeed):
		return because(newsroom.ClassNotFeed, text)
	case errors.Is(err, feeds.ErrLimits):
		return because(newsroom.ClassLimits, text)
	case errors.Is(err, feeds.ErrCharset):
		return because(newsroom.ClassCharset, text)
	case errors.Is(err, feeds.ErrInternal):
		return because(newsroom.ClassInternal, "a fault of Newswire's parser")
	}
	return because(newsroom.ClassParse, text)
}

// shortened returns an error of the parser for people: one quoted line.
func shortened(err error) string {
	s := fmt.Sprintf("%.250q", err.Error())
	return s[1 : len(s)-1]
}

// report logs and counts a result.
func (p *Poller) report(ctx context.Context, res Result) {
	if p.Observe != nil {
		p.Observe(res)
	}
	level := slog.LevelInfo
	switch {
	case res.Err != nil, res.Class == newsroom.ClassInternal, ruleOf(res.Check) == nextDay:
		level = slog.LevelError
	case !res.Class.Good():
		level = slog.LevelWarn
	case res.Outcome.New == 0 && res.Outcome.Updated == 0:
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("source", res.Source), slog.String("class", string(res.Class)), slog.Int("status", res.Status),
		slog.Int("new", res.Outcome.New), slog.Int("updated", res.Outcome.Updated), slog.Int("bytes", res.Bytes),
		slog.String("took", res.Took.Round(time.Millisecond).String()), slog.Time("next", res.Check.Next.UTC()),
	}
	if res.Problem != "" {
		attrs = append(attrs, slog.String("problem", res.Problem))
	}
	if res.Err != nil {
		attrs = append(attrs, slog.String("error", res.Err.Error()))
	}
	p.log().LogAttrs(ctx, level, "asked", attrs...)
}
