package config

import "time"

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Site: Site{
			Title:       "Stay Ahead of the Curve",
			Description: "Latest AI news, expert analysis, bold opinions, and key trends",
			URL:         "", // made from server.listen, with a warning
			Language:    "en",
			Timezone:    "UTC",
		},
		Server: Server{
			Listen: "127.0.0.1:8080",
			Desk:   "127.0.0.1:8081",
			Settle: 2 * time.Second,
		},
		Database: NewSecret("newswire.db"),
		Articles: "articles",
		Fetch: Fetch{
			Workers:      32,
			MinInterval:  15 * time.Minute,
			MaxInterval:  24 * time.Hour,
			HostInterval: time.Second,
		},
		Guard:    Guard{FirstImport: 10, Burst: 20},
		Channels: []Channel{defaultChannel("all")},
		Summary:  Summary{At: "07:00"},
	}
}

// defaultSource is a source of which nothing is said.
func defaultSource() Source { return Source{Publish: "excerpt", Weight: 1} }

// defaultChannel is a channel of which only the name is said.
func defaultChannel(name string) Channel { return Channel{Name: name, Entries: 50} }

func defaultNewsletter() Newsletter { return Newsletter{Schedule: "0 7 * * 1-5"} }
