package hostile

import (
	"fmt"
	"strings"
)

// redirect answers with a Location.
func redirect(status int, to func(*Exchange) string) func(*Exchange, int) {
	return func(x *Exchange, _ int) { x.Respond(status, []string{"Location: " + to(x)}, nil) }
}

func fixed(to string) func(*Exchange) string { return func(*Exchange) string { return to } }

// redirects returns the rows of redirects.
func redirects() []Row {
	good := func(id string) string { return "/case/" + id + "/good" }
	rows := []Row{
		{ID: "R01", About: "301 on the same host", Kept: 1, Class: "ok", Next: "N", Serve: redirect(301, fixed(good("R01")))},
		{ID: "R03", About: "308 to another host", Kept: 1, Class: "ok", Next: "N",
			Serve: redirect(308, func(x *Exchange) string { return x.Origin.Other() + good("R03") })},
		{ID: "R06", About: "a → b → a", Class: "redirect_loop", Next: "P", Most: 6, Serve: func(x *Exchange, _ int) {
			to := "/case/R06/b"
			if strings.HasSuffix(x.Target, "/b") {
				to = "/case/R06/feed"
			}
			x.Respond(302, []string{"Location: " + to}, nil)
		}},
		{ID: "R07", About: "a chain of redirects that does not end", Class: "redirect_loop", Next: "P", Most: 6, Serve: func(x *Exchange, n int) {
			x.Respond(302, []string{fmt.Sprintf("Location: /case/R07/hop%d", n)}, nil)
		}},
		{ID: "R10", About: "302 without Location", Class: "http_status", Next: "P", Serve: respond(302, "")},
		{ID: "R10/empty", About: "302 with an empty Location", Class: "http_status", Next: "P", Serve: respond(302, "", "Location: ")},
		{ID: "R11/userinfo", About: "Location with a user", Class: "redirect_bad", Next: "P",
			Serve: redirect(302, func(x *Exchange) string {
				return strings.Replace(x.Origin.Plain(), "://", "://user:pw@", 1) + good("R11/userinfo")
			})},
		{ID: "R12", About: "Location of 60 KB of ../", Class: "redirect_bad", Next: "P", Serve: redirect(302, fixed(strings.Repeat("../", 20000)))},
		{ID: "R13", About: "to another host, which must not see what is secret", Kept: 1, Class: "ok", Next: "N",
			Serve: redirect(302, func(x *Exchange) string { return x.Origin.Other() + good("R13") })},
		{ID: "R15", About: "to a parked page", Class: "not_feed", Next: "P", Serve: func(x *Exchange, _ int) {
			if strings.HasSuffix(x.Target, "/feed") {
				x.Respond(301, []string{"Location: /case/R15/parked"}, nil)
				return
			}
			x.Respond(200, []string{"Content-Type: text/html"}, []byte("<html><body>This domain is for sale</body></html>"))
		}},
		{ID: "R16", About: "a cookie wall", Class: "redirect_loop", Next: "P",
			Serve: func(x *Exchange, _ int) { x.Respond(302, []string{"Location: " + x.Target, "Set-Cookie: seen=1"}, nil) }},
		{ID: "R18", About: "an HTML page that refreshes to the feed", Class: "not_feed", Next: "P",
			Serve: feed(`<html><head><meta http-equiv="refresh" content="0; url=/case/R18/good"></head></html>`)},
		{ID: "R19", About: "301 today, 200 at the old URL tomorrow", Kept: 1, Class: "ok", Next: "N", Serve: func(x *Exchange, n int) {
			if n%2 == 1 {
				x.Respond(301, []string{"Location: " + good("R19")}, nil)
				return
			}
			x.Good(Document(5), `"v9"`)
		}},
		{ID: "R05", About: "https → http", TLS: (*Authority).Good, Class: "redirect_bad", Next: "P", Text: "https to http",
			Serve: redirect(302, func(x *Exchange) string { return x.Origin.Plain() + good("R05") })},
	}
	for _, code := range []int{302, 303, 307} {
		id := fmt.Sprintf("R02/%d", code)
		rows = append(rows, Row{ID: id, About: fmt.Sprintf("%d on the same host", code), Kept: 1, Class: "ok", Next: "N", Serve: redirect(code, fixed(good(id)))})
	}
	for name, to := range map[string]string{
		"loopback": "http://[::1]:9/", "metadata": "http://169.254.169.254/latest/meta-data/", "mapped": "http://[::ffff:a9fe:a9fe]/", "private": "http://10.0.0.1/",
	} {
		rows = append(rows, Row{ID: "R08/" + name, About: "to " + to, Class: "ssrf_blocked", Next: "X", Serve: redirect(302, fixed(to))})
	}
	for name, to := range map[string]string{
		"file": "file:///etc/passwd", "gopher": "gopher://o.test/", "ftp": "ftp://o.test/feed", "data": "data:text/xml,<rss/>", "javascript": "javascript:alert(1)",
	} {
		rows = append(rows, Row{ID: "R09/" + name, About: "to " + to, Class: "redirect_bad", Next: "P", Serve: redirect(302, fixed(to))})
	}
	for _, port := range []string{"22", "25", "6379"} {
		rows = append(rows, Row{ID: "R17/" + port, About: "to port " + port + " of a public host", Class: "redirect_bad", Next: "P", Serve: redirect(302, fixed("http://93.184.216.34:"+port+"/"))})
	}
	for name, to := range map[string]string{
		"relative": "good", "space": "good?a b", "utf8": "good?ü", "fragment": "good#top", "upper": "HTTP:",
	} {
		id := "R11/" + name
		serve := redirect(302, fixed(to))
		if name == "upper" {
			serve = redirect(302, func(x *Exchange) string { return strings.Replace(x.Origin.Plain(), "http:", "HTTP:", 1) + good(id) })
		}
		rows = append(rows, Row{ID: id, About: "Location " + to, Kept: 1, Class: "ok", Next: "N", Serve: serve})
	}
	return rows
}
