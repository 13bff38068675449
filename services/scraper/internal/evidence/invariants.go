package evidence

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// maxUnmapped bounds every text of a market without a partner.
const maxUnmapped = 200

// Invariants checks what must hold for whatever a decoder makes of any bytes at all: prices are finite and not
// negative, nothing open is closed, keys and names are unique and in their order, lines lie on the grid, texts can be
// stored, and a competitor's markets and outcomes are BetPawa's.
func Invariants(table *mapping.Table, d bookmaker.Detail) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	markets := d.Snapshot.Markets
	if len(markets) > answer.MaxOutcomes {
		fail("%d markets", len(markets))
	}
	for i, m := range markets {
		if i > 0 && markets[i-1].Compare(m.MarketKey) >= 0 {
			fail("market %v does not come after %v", m.MarketKey, markets[i-1].MarketKey)
		}
		if again, err := odds.QuarterLine(m.Line.Quarters()); err != nil || (m.Line.IsSet() && again != m.Line) {
			fail("market %s: line %v: %w", m.ID, m.Line, err)
		}
		if err := storable(m.ID, m.Name); err != nil {
			fail("market %q: %w", m.ID, err)
		}
		if len(m.Outcomes) == 0 {
			fail("market %s has no outcomes", m.ID)
		}
		row := table.Row(m.ID)
		if row == nil && !d.Snapshot.Bookmaker.Reference() {
			fail("market %s of a competitor is none of BetPawa's", m.ID)
			continue
		}
		errs = append(errs, outcomes(row, m, d.Snapshot.Bookmaker.Reference()))
	}
	for reason, n := range d.Rejections {
		if n <= 0 || reason == "" {
			fail("%d refused as %q", n, reason)
		}
	}
	for _, u := range d.Unmapped {
		err := errors.Join(storable(u.MarketID), shown(u.Name), shown(u.Example))
		if err != nil || max(len(u.MarketID), len(u.Name), len(u.Example)) > maxUnmapped {
			fail("unmapped %+v: %w", u, err)
		}
	}
	return errors.Join(errs...)
}

func outcomes(row *mapping.Row, m odds.Market, reference bool) error {
	seen := make(map[string]bool, len(m.Outcomes))
	last := -1
	for _, o := range m.Outcomes {
		switch {
		case seen[o.Name]:
			return fmt.Errorf("market %s: outcome %q twice", m.ID, o.Name)
		case math.IsNaN(o.Odds) || o.Odds < 0 || o.Odds > answer.MaxOdds || math.Signbit(o.Odds):
			return fmt.Errorf("market %s: outcome %q at %g", m.ID, o.Name, o.Odds)
		case o.Active && o.Odds <= odds.ClosedPrice:
			return fmt.Errorf("market %s: outcome %q open at %g", m.ID, o.Name, o.Odds)
		}
		if err := storable(o.Name); err != nil {
			return fmt.Errorf("market %s: outcome %q: %w", m.ID, o.Name, err)
		}
		seen[o.Name] = true
		if row == nil {
			continue
		}
		at, known := row.Position([]byte(o.Name))
		switch {
		case !known && !reference:
			return fmt.Errorf("market %s: %q is none of BetPawa's outcomes", m.ID, o.Name)
		case known && at <= last:
			return fmt.Errorf("market %s: outcome %q out of order", m.ID, o.Name)
		case known:
			last = at
		}
	}
	return nil
}

var errText = errors.New("empty, not UTF-8, or with control characters")

func storable(texts ...string) error {
	for _, s := range texts {
		if s == "" || shown(s) != nil {
			return errText
		}
	}
	return nil
}

// shown is storable for what may be empty.
func shown(texts ...string) error {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
			return errText
		}
	}
	return nil
}
