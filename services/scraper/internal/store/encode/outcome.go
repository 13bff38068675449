package encode

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// mergeOutcomes lays the outcomes that an answer lists over the committed ones: those it lists without a price keep the
// odds they had, and those it does not list are closed, in the place they had. Merging the same answer again changes
// nothing, nor does another order alone. Should a market collect more outcomes than it may hold, those that are not listed
// any more go.
func mergeOutcomes(committed, listed []odds.Outcome) []odds.Outcome {
	merged := make([]odds.Outcome, 0, max(len(committed), len(listed)))
	next := 0
	for _, before := range committed {
		at := slices.IndexFunc(listed, func(o odds.Outcome) bool { return o.Name == before.Name })
		if at < 0 {
			before.Active = false
			merged = append(merged, before)
			continue
		}
		for ; next <= at; next++ {
			merged = append(merged, listed[next])
		}
	}
	merged = append(merged, listed[next:]...)
	if len(merged) > maxOutcomes {
		merged = slices.Clone(listed)
	}
	for i := range merged {
		if merged[i].Odds > 0 {
			continue
		}
		at := slices.IndexFunc(committed, func(o odds.Outcome) bool { return o.Name == merged[i].Name })
		if at >= 0 {
			merged[i].Odds = committed[at].Odds
		}
	}
	if sameOutcomes(committed, merged) {
		return committed
	}
	return merged
}

// sameOutcomes reports whether two lists say the same in whatever order. Another order alone is no change of a market.
func sameOutcomes(a, b []odds.Outcome) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(o odds.Outcome) bool { return !slices.Contains(b, o) })
}

func decodeMarket(frame []byte, k odds.MarketKey) (*oddscachev1.CachedMarket, error) {
	m := new(oddscachev1.CachedMarket)
	if err := proto.Unmarshal(snapshot.MarketBody(frame), m); err != nil {
		return nil, fmt.Errorf("decoding committed market %s %v: %w", k.ID, k.Line, err)
	}
	return m, nil
}

func outcomesOf(m *oddscachev1.CachedMarket) []odds.Outcome {
	outcomes := make([]odds.Outcome, len(m.GetOutcomes()))
	for i, o := range m.GetOutcomes() {
		outcomes[i] = odds.Outcome{Name: o.GetName(), Odds: o.GetOdds(), Active: o.GetIsActive()}
	}
	return outcomes
}

// closeOutcomes makes no outcome active, and reports whether one was.
func closeOutcomes(m *oddscachev1.CachedMarket) bool {
	were := false
	for _, o := range m.GetOutcomes() {
		were = were || o.GetIsActive()
		o.IsActive = false
	}
	return were
}
