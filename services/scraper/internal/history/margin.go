package history

import (
	"math"

	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Margin is what a bookmaker keeps of a market: the sum of the inverse odds beyond the fair one, as a share of the
// fair one. It reports false when the market was not available, an outcome is missing or closed, or the sum says
// nothing about markets of that type. row may be nil for a type that the mapping does not know.
func Margin(row *mapping.Row, quote Change) (float64, bool) {
	if row == nil || row.Ways() == 0 || !quote.Available || len(quote.Outcomes) != len(row.Names) {
		return 0, false
	}
	sum := 0.0
	for _, o := range quote.Outcomes {
		if _, known := row.Position([]byte(o.Name)); !known || !o.Active || o.Odds <= odds.ClosedPrice {
			return 0, false
		}
		sum += 1 / o.Odds
	}
	// To a millionth of a percent: what is beyond is the arithmetic's, not the bookmaker's.
	const precision = 1e8
	return math.Round((sum/row.Ways()-1)*precision) / precision, true
}
