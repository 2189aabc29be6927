package egress

import (
	"bytes"
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

// A robotsFile is what a robots.txt says to us. What it says to others is not
// kept: it may be half a megabyte, on each of thousands of servers.
type robotsFile struct {
	group *robotstxt.Group // nil: everything is allowed
	named bool             // it names us, and is not for everyone
	read  time.Time
}

// readRobots finds what a robots.txt says to us. A malformed one allows
// everything, and so does the page that many servers send in its place.
func readRobots(body []byte, read time.Time) robotsFile {
	if bytes.HasPrefix(bytes.TrimLeft(body, "\uFEFF \t\r\n"), []byte("<")) {
		return robotsFile{read: read}
	}
	data, err := robotstxt.FromBytes(body)
	if err != nil {
		return robotsFile{read: read}
	}
	group := data.FindGroup(robotsName)
	return robotsFile{group: group, named: group != data.FindGroup(nobody), read: read}
}

// obeyRobots returns a *Failure if robots.txt asks us not to fetch u.
func (c *Client) obeyRobots(ctx context.Context, u *url.URL, policy Robots) error {
	if policy == RobotsIgnored {
		return nil
	}
	file, err := c.robotsOf(ctx, u)
	if err != nil || file.group == nil {
		return err
	}
	if (policy == RobotsNamed && !file.named) || file.group.Test(u.RequestURI()) {
		return nil
	}
	return fail(newsroom.ClassAuth, "the robots.txt of %q asks us not to fetch this", u.Host)
}

// robotsOf returns what the server's robots.txt says, from the cache if that
// is not older than a day.
func (c *Client) robotsOf(ctx context.Context, u *url.URL) (robotsFile, error) {
	server := u.Scheme + "://" + u.Host
	if file, ok := c.robots.get(server, time.Now()); ok {
		return file, nil
	}
	resp, err := c.Do(ctx, Request{URL: server + "/robots.txt", Accept: "text/plain, */*;q=0.1", MaxBody: robotsBytes})
	if err != nil && ctx.Err() != nil {
		return robotsFile{}, ctx.Err()
	}
	f := new(Failure)
	if errors.As(err, &f) && f.Class == newsroom.ClassRateLimited {
		return robotsFile{}, f // do not go on to ask for what we came for
	}
	file := robotsFile{read: time.Now()}
	if resp != nil { // a file that is too long is cut; one that cannot be had allows everything
		file = readRobots(resp.Body, file.read)
	}
	c.robots.put(server, file)
	return file, nil
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
