package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// contributions is what the bookmakers contributed to cycles. It is counted when a cycle ends.
type contributions struct {
	last        *prometheus.GaugeVec
	sum         *prometheus.CounterVec
	rejections  *prometheus.CounterVec
	findings    *prometheus.CounterVec
	tournaments *prometheus.GaugeVec
	short       *prometheus.GaugeVec
}

// kinds are the counts of a bookmaker's part of a cycle, in the words of the API.
func kinds(r store.BookmakerResult) map[string]int64 {
	return map[string]int64{
		"listed": r.Listed, "asked": r.Requested, "fetched": r.Fetched, "changed": r.Changed, "confirmed": r.Confirmed,
		"refused": int64(r.Rejections.Total()), "blocked": r.Blocked, "failed": r.Failed, "skipped": r.Skipped,
		"details_refused": r.DetailsRejected, "snapshots_refused": r.SnapshotsRejected, "withdrawn": r.Withdrawn,
	}
}

func newContributions() contributions {
	c := contributions{
		last: gauges("last_cycle_contribution",
			"A bookmaker's part of the last cycle, by kind: events listed, details asked and fetched, snapshots "+
				"changed and confirmed, parts refused, requests blocked and failed, events skipped, details and "+
				"snapshots refused as a whole, snapshots withdrawn.", bookmaker, "kind"),
		sum: counters("contribution_total",
			"A bookmaker's part of all cycles, by kind as in last_cycle_contribution.", bookmaker, "kind"),
		rejections: counters("refusals_total",
			"Answers, markets and outcomes that were refused in cycles, by reason.", bookmaker, "reason"),
		findings: counters("doubts_total",
			"Events of which a bookmaker said something that was not believed, or not yet, by reason.", bookmaker, "reason"),
		tournaments: gauges("last_cycle_tournaments",
			"Tournaments asked in the last cycle's discovery, by result: answered, failed.", bookmaker, "result"),
		short: gauges("last_cycle_short",
			"1 when a bookmaker did not deliver in the last cycle what it should: why the cycle was partial.", bookmaker),
	}
	for _, b := range registry.Names() {
		c.add(store.BookmakerResult{Bookmaker: b}, false)
		for _, reason := range odds.Reasons() {
			c.rejections.WithLabelValues(string(b), string(reason))
		}
		for _, reason := range odds.FindingReasons() {
			c.findings.WithLabelValues(string(b), string(reason))
		}
	}
	return c
}

func (c *contributions) all() collectors {
	return collectors{c.last, c.sum, c.rejections, c.findings, c.tournaments, c.short}
}

// add adds a bookmaker's part of a cycle.
func (c *contributions) add(r store.BookmakerResult, short bool) {
	b := string(r.Bookmaker)
	for kind, n := range kinds(r) {
		c.last.WithLabelValues(b, kind).Set(float64(n))
		c.sum.WithLabelValues(b, kind).Add(float64(n))
	}
	for reason, n := range r.Rejections {
		c.rejections.WithLabelValues(b, string(reason)).Add(float64(n))
	}
	for _, d := range r.Findings {
		c.findings.WithLabelValues(b, string(d.Reason)).Add(float64(d.Count))
	}
	c.tournaments.WithLabelValues(b, "answered").Set(float64(r.Tournaments - r.TournamentsFailed))
	c.tournaments.WithLabelValues(b, "failed").Set(float64(r.TournamentsFailed))
	c.short.WithLabelValues(b).Set(boolValue(short))
}
