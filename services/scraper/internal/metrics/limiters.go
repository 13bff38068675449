package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
)

// Limiters reads how many requests the bookmakers may be sent now.
type Limiters struct {
	group *limit.Group

	slots, allowed, inFlight, waiting, spacing, pause, backedOff, cuts *prometheus.Desc
}

// NewLimiters makes a collector over a group.
func NewLimiters(group *limit.Group) *Limiters {
	return &Limiters{
		group: group,
		slots: desc("limiter_slots", "Requests in flight that are allowed to a bookmaker at ease.", bookmaker),
		allowed: desc("limiter_allowed_slots",
			"Requests in flight that are allowed now; fewer than slots while the bookmaker is backed off.", bookmaker),
		inFlight:  desc("limiter_in_flight", "Requests in flight.", bookmaker),
		waiting:   desc("limiter_waiting", "Callers that wait for a slot.", bookmaker),
		spacing:   desc("limiter_spacing_seconds", "Least time between two requests now.", bookmaker),
		pause:     desc("limiter_pause_seconds", "How long nothing is sent from now on; 0 when not paused.", bookmaker),
		backedOff: desc("limiter_backed_off", "1 while the bookmaker pushed back and has not recovered, or stalls.", bookmaker),
		cuts:      desc("limiter_cuts_total", "How often the allowance was cut.", bookmaker),
	}
}

// Describe implements prometheus.Collector.
func (l *Limiters) Describe(ch chan<- *prometheus.Desc) {
	describe(ch, l.slots, l.allowed, l.inFlight, l.waiting, l.spacing, l.pause, l.backedOff, l.cuts)
}

// Collect implements prometheus.Collector.
func (l *Limiters) Collect(ch chan<- prometheus.Metric) {
	r := reading(ch)
	for _, s := range l.group.Stats() {
		b := string(s.Bookmaker)
		r.gauge(l.slots, float64(l.group.Limiter(s.Bookmaker).Slots()), b)
		r.gauge(l.allowed, float64(s.Allowed), b)
		r.gauge(l.inFlight, float64(s.InFlight), b)
		r.gauge(l.waiting, float64(s.Waiting), b)
		r.gauge(l.spacing, s.Spacing.Seconds(), b)
		pause := 0.0
		if !s.PausedUntil.IsZero() {
			pause = max(0, time.Until(s.PausedUntil).Seconds())
		}
		r.gauge(l.pause, pause, b)
		r.gauge(l.backedOff, boolValue(s.BackedOff), b)
		r.counter(l.cuts, float64(s.Cuts), b)
	}
}
