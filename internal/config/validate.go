package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// A validator judges what the decoder has read: what single values may be,
// and what they may be together.
type validator struct {
	*decoder
	checks Checks
}

// say adds a finding at a path, or at the nearest thing that contains it.
func (v *validator) say(path, message, suggestion string) {
	v.fail(v.node(path), path, message, suggestion)
}

func (v *validator) warn(path, message string) {
	v.say(path, message, "")
	v.findings[len(v.findings)-1].Warning = true
}

func (v *validator) node(path string) *yaml.Node {
	for path != "" {
		if n, ok := v.nodes[path]; ok {
			return n
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return &yaml.Node{Line: 1, Column: 1}
}

// written reports whether the file says anything at path, right or wrong.
func (v *validator) written(path string) bool {
	n, ok := v.nodes[path]
	return ok && (n.Kind != yaml.ScalarNode || n.ShortTag() != "!!null" && strings.TrimSpace(n.Value) != "")
}

func (v *validator) config(c *Config) {
	v.site(&c.Site, c.Server.Listen)
	v.server(&c.Server)
	v.database(c.Database.Reveal())
	v.fetch(&c.Fetch, c.Site.URL)
	v.retention(&c.Retention)
	v.expression("rules.keep", c.Rules.Keep, false)
	v.expression("rules.drop", c.Rules.Drop, false)
	for i, pattern := range c.SourcesFrom {
		if at := fmt.Sprintf("sources_from[%d]", i); pattern == "" && v.nodeIsText(at) {
			v.say(at, "is empty: it needs the name of a file, as lists/*.yaml", "")
		}
	}
	v.sources(c.Sources)
	v.channels(c.Channels)
	v.overrides(&c.Overrides)
	v.summary(&c.Summary)
	if c.Newsletter != nil {
		v.newsletter(c.Newsletter)
	}
}

// required reports what a mapping must have and has not.
func (v *validator) required(path string, t reflect.Type) {
	for f := range t.Fields() {
		at := path + "." + f.Tag.Get("yaml")
		if f.Tag.Get("required") != "" && !v.written(at) {
			v.say(at, "is missing", "")
		}
	}
}

var language = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

func (v *validator) site(s *Site, listen string) {
	if s.Title == "" {
		v.say("site.title", "is empty", "")
	}
	if !language.MatchString(s.Language) {
		v.say("site.language", clip(s.Language)+" is not a language, as en or de-AT", "")
	}
	v.timezone(s.Timezone)
	if s.URL == "" {
		s.URL = localURL(listen)
		v.warn("site.url", "is not set: links, and the ids of house articles, will say "+s.URL)
		return
	}
	s.URL = strings.TrimRight(s.URL, "/")
	u, problem, suggestion := webURL(s.URL)
	switch {
	case problem != "":
		v.say("site.url", problem, suggestion)
	case u.RawQuery != "" || u.Fragment != "" || u.Path != "":
		v.say("site.url", clip(s.URL)+" must be an address alone", strconv.Quote(u.Scheme+"://"+u.Host))
	}
}

// localURL is how a browser on this machine reaches us.
func localURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "http://localhost"
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// commonZones are suggested when a name is none.
var commonZones = []string{
	"UTC", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Vienna", "Europe/Zurich", "Europe/Madrid", "Europe/Rome",
	"Europe/Amsterdam", "Europe/Stockholm", "Europe/Warsaw", "Europe/Kyiv", "Europe/Istanbul", "America/New_York",
	"America/Chicago", "America/Denver", "America/Los_Angeles", "America/Toronto", "America/Sao_Paulo", "Asia/Tokyo",
	"Asia/Seoul", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Kolkata", "Asia/Dubai", "Australia/Sydney",
}

func (v *validator) timezone(name string) {
	_, err := time.LoadLocation(name)
	if err == nil && name != "" && name != "Local" {
		return
	}
	v.say("site.timezone", clip(name)+" is not a time zone, as UTC or Europe/Berlin", nearest(name, commonZones))
}

func (v *validator) server(s *Server) {
	v.listen("server.listen", s.Listen)
	host := v.listen("server.desk", s.Desk)
	if s.Listen == s.Desk && !strings.HasSuffix(s.Listen, ":0") {
		v.say("server.desk", "is the address of the site too: the desk needs its own", "")
	}
	if host != nil && !loopback(*host) && s.DeskPassword.Reveal() == "" && !v.written("server.desk_password") {
		v.say("server.desk", "is reached from other machines: server.desk_password is needed", "")
	}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

var hostname = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

// listen checks an address to listen on, and returns its host if it is one.
func (v *validator) listen(path, address string) *string {
	host, port, splitErr := net.SplitHostPort(address)
	number, portErr := strconv.Atoi(port)
	_, ipErr := netip.ParseAddr(host)
	if splitErr == nil && portErr == nil && 0 <= number && number <= 65535 && (host == "" || ipErr == nil || hostname.MatchString(host)) {
		return &host
	}
	suggestion := ""
	if _, err := strconv.ParseUint(address, 10, 16); err == nil {
		suggestion = strconv.Quote("127.0.0.1:" + address)
	} else if u, err := url.Parse(address); err == nil && u.Host != "" && u.Port() != "" {
		suggestion = strconv.Quote(u.Host)
	} else if splitErr != nil && hostname.MatchString(address) {
		suggestion = strconv.Quote(address + ":8080")
	}
	v.say(path, clip(address)+" is not an address to listen on, as 127.0.0.1:8080", suggestion)
	return nil
}

// database never prints what it judges: it may hold a password.
func (v *validator) database(dsn string) {
	scheme, rest, ok := strings.Cut(dsn, ":")
	switch {
	case strings.TrimSpace(dsn) == "":
		if v.written("database") {
			return // ${NAME} that is not set: said already
		}
		v.say("database", "is empty: name a file, as newswire.db", "")
	case !ok || strings.ContainsAny(scheme, `/\.`):
		// a file
	case scheme == "postgres" || scheme == "postgresql":
		if u, err := url.Parse(dsn); err != nil || u.Host == "" {
			v.say("database", "is not an address as postgres://USER:PASSWORD@HOST/NAME", "")
		}
	case scheme == "sqlite" || scheme == "file":
		if rest == "" {
			v.say("database", "names no file, as sqlite:newswire.db", "")
		}
	case len(scheme) > 1: // not a drive letter
		v.say("database", clip(scheme)+" is no kind of database that we know: a SQLite file or postgres://…", nearest(scheme, []string{"postgres", "sqlite"}))
	}
}

func (v *validator) fetch(f *Fetch, site string) {
	if f.Contact == "" {
		f.Contact = site + "/bot"
	} else if !strings.Contains(f.Contact, "@") {
		if _, problem, suggestion := webURL(f.Contact); problem != "" {
			v.say("fetch.contact", problem, suggestion)
		}
	} else if _, err := mail.ParseAddress(strings.TrimPrefix(f.Contact, "mailto:")); err != nil {
		v.say("fetch.contact", clip(f.Contact)+" is neither a web nor an e-mail address", "")
	}
	if f.MaxInterval < f.MinInterval {
		v.say("fetch.max_interval", fmt.Sprintf("%v is less than min_interval, %v", f.MaxInterval, f.MinInterval), "")
	}
	for i, network := range f.AllowNetworks {
		if network.IsValid() && network.Bits() == 0 {
			v.warn(fmt.Sprintf("fetch.allow_networks[%d]", i), "opens every private network to what feeds link to")
		}
	}
}

// LeastRetention is how long contents are kept at least: changed rules read
// the entries of the last 30 days again, and withdrawals are told as long.
const LeastRetention = 30 * 24 * time.Hour

func (v *validator) retention(r *Retention) {
	if r.Contents > 0 && r.Contents < LeastRetention {
		v.say("retention.contents", fmt.Sprintf("%s is too short: 30d is the least (0s keeps everything)", clip(v.node("retention.contents").Value)), "30d")
	}
}

// webURL parses an absolute http(s) URL, or says why it is none.
func webURL(s string) (u *url.URL, problem, suggestion string) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, clip(s) + " is not a URL", ""
	case u.Scheme == "" && u.Host == "" && hostname.MatchString(firstSegment(s)) && strings.Contains(firstSegment(s), "."):
		return nil, clip(s) + " is not absolute", strconv.Quote("https://" + s)
	case u.Scheme == "":
		return nil, clip(s) + " is not absolute, as https://example.com", ""
	case u.Scheme == "feed" || u.Scheme == "webcal":
		return nil, clip(s) + " is not http or https", strconv.Quote("https:" + strings.TrimPrefix(s, u.Scheme+":"))
	case u.Scheme != "http" && u.Scheme != "https":
		if near := nearest(u.Scheme, []string{"https", "http"}); near != "" {
			suggestion = strconv.Quote(strings.Trim(near, `"`) + strings.TrimPrefix(s, u.Scheme))
		}
		return nil, clip(s) + " is not http or https", suggestion
	case u.Hostname() == "":
		return nil, clip(s) + " has no host", ""
	case u.User != nil:
		return nil, "must not hold a password", ""
	}
	return u, "", ""
}

func firstSegment(s string) string {
	first, _, _ := strings.Cut(s, "/")
	return first
}

// expression checks a rule, and puts what is wrong at its place.
func (v *validator) expression(path, src string, story bool) {
	if src == "" || v.checks.Expression == nil {
		return
	}
	err := v.checks.Expression(src, story)
	if err == nil {
		return
	}
	n, message := v.node(path), err.Error()
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 && n.LineComment != "" {
		message += ` (in YAML " #" begins a comment: put the whole expression in quotes)`
	}
	finding := Finding{Line: n.Line, Column: n.Column, Path: path, Message: message}
	if at, ok := err.(interface{ Position() (line, column int) }); ok {
		data := v.data
		if l, _ := v.home(path); l != nil {
			data = l.data
		}
		line, column := at.Position()
		finding.Line, finding.Column = locate(data, n, line, column)
	}
	v.add(finding)
}

func (v *validator) schedule(path, spec string) {
	if spec == "" || v.checks.Schedule == nil {
		return
	}
	if err := v.checks.Schedule(spec); err != nil {
		v.say(path, err.Error(), "")
	}
}

var channelName = regexp.MustCompile(`^[a-z0-9]+([-_][a-z0-9]+)*$`)

func (v *validator) channels(all []Channel) {
	names := firsts{}
	for i := range all {
		c := &all[i]
		path := fmt.Sprintf("channels[%d]", i)
		if v.written(path) && v.node(path).Kind != yaml.MappingNode {
			continue
		}
		if v.written("channels") {
			v.required(path, reflect.TypeFor[Channel]())
		}
		if c.Name != "" {
			v.channelName(path+".name", c.Name)
			v.again(names, c.Name, path+".name", clip(c.Name)+" has the same name")
		}
		v.line(path+".title", c.Title)
		v.expression(path+".where", c.Where, c.Stories)
		if c.Stories {
			v.warn(path+".stories", "stories are not built yet: this channel stays empty")
		}
	}
}

func (v *validator) channelName(path, name string) {
	if channelName.MatchString(name) && len(name) <= 64 {
		return
	}
	v.say(path, clip(name)+" does not fit into an address: lower-case letters, digits, - and _ only, at most 64", strconv.Quote(Slug(name)))
}

func (v *validator) overrides(o *Overrides) {
	hidden := map[string]bool{}
	for i, name := range o.Hide {
		v.entry(fmt.Sprintf("overrides.hide[%d]", i), name)
		hidden[name] = true
	}
	for i, name := range o.Pin {
		at := fmt.Sprintf("overrides.pin[%d]", i)
		v.entry(at, name)
		if name != "" && hidden[name] {
			v.say(at, "is hidden too: take it out of overrides.hide or out of here", "")
		}
	}
	for i, group := range o.Merge {
		at := fmt.Sprintf("overrides.merge[%d]", i)
		for j, name := range group {
			v.entry(fmt.Sprintf("%s[%d]", at, j), name)
		}
		if len(group) < 2 && v.node(at).Kind == yaml.SequenceNode {
			v.say(at, "one story needs two entries at least", "")
		}
	}
	for i, name := range o.Split {
		v.entry(fmt.Sprintf("overrides.split[%d]", i), name)
	}
	if len(o.Merge) > 0 {
		v.warn("overrides.merge", "stories are not built yet: this does nothing")
	}
	if len(o.Split) > 0 {
		v.warn("overrides.split", "stories are not built yet: this does nothing")
	}
}

func (v *validator) entry(path, name string) {
	if name == "" && v.nodeIsText(path) {
		v.say(path, "is empty: it needs the URL or id of an entry", "")
	}
}

// summary never prints the webhook: all of its address may be a secret.
func (v *validator) summary(s *Summary) {
	if _, err := time.Parse("15:04", s.At); err != nil {
		v.say("summary.at", clip(s.At)+" is no time of day, as 07:00", "")
	}
	if hook := s.Webhook.Reveal(); hook != "" {
		u, err := url.Parse(hook)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			v.say("summary.webhook", "is no http or https address", "")
		}
	}
	if len(s.Command) > 0 && s.Command[0] == "" {
		v.say("summary.command[0]", "is empty: it needs the name of a program", "")
	}
}

func (v *validator) newsletter(n *Newsletter) {
	v.required("newsletter", reflect.TypeFor[Newsletter]())
	v.schedule("newsletter.schedule", n.Schedule)
	if n.From != "" {
		if _, err := mail.ParseAddress(n.From); err != nil {
			v.say("newsletter.from", clip(n.From)+" is not an e-mail address, as News <news@example.com>", "")
		}
	}
	if smtp := n.SMTP.Reveal(); smtp != "" {
		u, err := url.Parse(smtp)
		if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
			v.say("newsletter.smtp", "is not an address as smtp://USER:${SMTP_PASSWORD}@HOST:587", "")
		}
	}
	v.warn("newsletter", "the newsletter is not built yet: nothing is sent")
}
