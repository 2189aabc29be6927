package egress

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/temoto/robotstxt"

	"newswire/internal/newsroom"
)

// Robots says whose groups of a host's robots.txt (RFC 9309) a request obeys.
type Robots int

const (
	// RobotsIgnored asks for no robots.txt: a person asked for this URL.
	RobotsIgnored Robots = iota
	// RobotsNamed obeys groups that name us. It is for feeds: an editor chose
	// them, but a publisher who names us means us.
	RobotsNamed
	// RobotsAll obeys the group for everyone, too. It is for pages that we
	// find by ourselves.
	RobotsAll
)

const (
	robotsName  = "newswire"
	nobody      = "-"       // no robot's name: it gets the group for everyone
	robotsBytes = 500 << 10 // RFC 9309 §2.5
	robotsAge   = 24 * time.Hour
	maxRobots   = 4096 // hosts
)

// A robotsCache keeps the robots.txt of each server for a day.
type robotsCache struct {
	mu    sync.Mutex
	known map[string]robotsFile
}

type robotsFile struct {
	data *robotstxt.RobotsData // nil: everything is allowed
	read time.Time
}

// obeyRobots returns a *Failure if robots.txt asks us not to fetch u.
func (c *Client) obeyRobots(ctx context.Context, u *url.URL, policy Robots) error {
	if policy == RobotsIgnored {
		return nil
	}
	data, err := c.robotsOf(ctx, u)
	if err != nil || data == nil {
		return err
	}
	group, everyone := data.FindGroup(robotsName), data.FindGroup(nobody)
	if (policy == RobotsNamed && group == everyone) || group.Test(u.RequestURI()) {
		return nil
	}
	return fail(newsroom.ClassAuth, "the robots.txt of %q asks us not to fetch this", u.Host)
}

// robotsOf returns what the server's robots.txt says, from the cache if that
// is not older than a day.
func (c *Client) robotsOf(ctx context.Context, u *url.URL) (*robotstxt.RobotsData, error) {
	server := u.Scheme + "://" + u.Host
	if file, ok := c.robots.get(server, time.Now()); ok {
		return file.data, nil
	}
	resp, err := c.Do(ctx, Request{URL: server + "/robots.txt", Accept: "text/plain, */*;q=0.1", MaxBody: robotsBytes})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f := new(Failure)
	if errors.As(err, &f) && f.Class == newsroom.ClassRateLimited {
		return nil, f // do not go on to ask for what we came for
	}
	file := robotsFile{read: time.Now()}
	if resp != nil { // a file that is too long is cut; one that cannot be had allows everything
		file.data, _ = robotstxt.FromBytes(resp.Body) // a malformed one allows everything
	}
	c.robots.put(server, file)
	return file.data, nil
}

func (r *robotsCache) get(server string, now time.Time) (robotsFile, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	file, ok := r.known[server]
	return file, ok && now.Sub(file.read) < robotsAge
}

func (r *robotsCache) put(server string, file robotsFile) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxRobots {
		r.known = map[string]robotsFile{}
	}
	r.known[server] = file
}
