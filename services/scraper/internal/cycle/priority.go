package cycle

import (
	"cmp"
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
)

// Urgency bounds: prices move most shortly before kickoff.
const (
	imminent = 30 * time.Minute
	soon     = 2 * time.Hour
)

// urgency is 0 within half an hour of kickoff, 1 within two, else 2.
func urgency(kickoff, now time.Time) int {
	switch until := kickoff.Sub(now); {
	case until < imminent:
		return 0
	case until < soon:
		return 1
	default:
		return 2
	}
}

// sortTargets orders by urgency, kickoff, then more bookmakers first; the SportRadar id makes the order total.
// now is taken once: a clock that moves between comparisons is no order.
func sortTargets(targets []*review.Target, now time.Time) {
	slices.SortFunc(targets, func(a, b *review.Target) int {
		return cmp.Or(
			cmp.Compare(urgency(a.Kickoff, now), urgency(b.Kickoff, now)),
			a.Kickoff.Compare(b.Kickoff),
			cmp.Compare(len(b.Listings), len(a.Listings)),
			cmp.Compare(a.SrID, b.SrID),
		)
	})
}
