package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"newswire/internal/poll"
)

// Figures are the program's metrics, in a registry of its own. Sources are
// counted by class and not by name: names would make a series each.
type figures struct {
	registry *prometheus.Registry
	polls    *prometheus.CounterVec
	entries  *prometheus.CounterVec
	wire     prometheus.Counter
	took     prometheus.Histogram
	reloads  *prometheus.CounterVec

	purged       prometheus.Counter
	purgeRefused prometheus.Gauge
}

func newFigures() *figures {
	f := &figures{
		registry: prometheus.NewRegistry(),
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "newswire_source_polls_total", Help: "Times that sources were asked, by class of the outcome."}, []string{"class"}),
		entries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "newswire_entries_total", Help: "Entries that polls brought, by what became of them."}, []string{"outcome"}),
		wire: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "newswire_fetched_bytes_total", Help: "Bytes of bodies received from sources."}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "newswire_poll_duration_seconds", Help: "Time from asking a source to its entries being stored.",
			Buckets: prometheus.ExponentialBuckets(0.005, 3, 9)}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "newswire_config_reloads_total", Help: "Reloads of the configuration, by result."}, []string{"result"}),
		purged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "newswire_purged_entries_total", Help: "Entries whose old texts were cut to their excerpts."}),
		purgeRefused: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "newswire_purge_refused", Help: "1 while the last purge was refused because it was more than a fifth of all texts."}),
	}
	f.registry.MustRegister(f.polls, f.entries, f.wire, f.took, f.reloads, f.purged, f.purgeRefused,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return f
}

// observe counts one asking of a source.
func (f *figures) observe(r poll.Result) {
	f.polls.WithLabelValues(string(r.Class)).Inc()
	f.took.Observe(r.Took.Seconds())
	f.wire.Add(float64(r.Wire))
	for outcome, n := range map[string]int{
		"new": r.Outcome.New, "updated": r.Outcome.Updated, "held": r.Outcome.Held,
		"dropped": r.Outcome.Dropped, "realiased": r.Outcome.Realiased, "cut": r.Outcome.Cut,
	} {
		f.entries.WithLabelValues(outcome).Add(float64(n))
	}
}

func (f *figures) handler() http.Handler {
	return promhttp.HandlerFor(f.registry, promhttp.HandlerOpts{})
}
