package e2e

import (
	"testing"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/cluster"
)

// result is BetPawa's id of 1X2 at full time.
const result = "3743"

func TestHistoryHasWhatEveryBookmakerOffered(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := cluster.Start(t, cluster.Config{Site: w.URL})
	history := p.History
	var event sim.Event
	for _, event = range football(w) {
		if len(event.Listings) == 3 {
			break
		}
	}
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		p.RunCycle(t, succeeded)
	}
	do("beginning", nil)
	do("moving", w.MoveMarket("sportybet", event.SrID, result))
	do("dropping", w.DropMarket("bet9ja", event.SrID, result))
	do("nothing", nil)
	do("restoring", w.RestoreMarket("bet9ja", event.SrID, result))

	resp, err := history.ListOddsHistory(t.Context(), &oddscachev1.ListOddsHistoryRequest{SrId: event.SrID, MarketId: result})
	if err != nil {
		t.Fatal(err)
	}
	moments := resp.GetMoments()
	if len(moments) != 6 || len(moments[5].GetQuotes()) != 3 || moments[3].GetChangedBy() != "sportybet" || moments[5].GetChangedBy() != "bet9ja" {
		t.Fatalf("moments %v, want three to begin with, sportybet's move, bet9ja's gap and its end", moments)
	}
	if gaps := resp.GetGaps(); len(gaps) != 1 || gaps[0].GetBookmaker() != "bet9ja" || !gaps[0].GetAvailableFrom().AsTime().Equal(moments[5].GetAt().AsTime()) {
		t.Errorf("gaps %v", gaps)
	}
	for i, bookmaker := range []string{"betpawa", "sportybet", "bet9ja"} {
		quote := moments[5].GetQuotes()[i]
		if quote.GetBookmaker() != bookmaker || !quote.GetAvailable() {
			t.Errorf("quote %d is %v, want one of %s", i, quote, bookmaker)
		}
		if gap := moments[4].GetQuotes()[i]; gap.GetAvailable() != (bookmaker != "bet9ja") {
			t.Errorf("in the gap %s is %v", bookmaker, gap)
		}
		markets, err := w.Markets(bookmaker, event.SrID)
		if err != nil {
			t.Fatal(err)
		}
		offered := make(map[string]float64)
		for _, m := range markets {
			if m.ID == result {
				for _, o := range m.Outcomes {
					offered[o.Name] = o.Odds
				}
			}
		}
		for _, o := range quote.GetOutcomes() {
			if offered[o.GetName()] != o.GetOdds() || len(offered) != 3 {
				t.Errorf("%s: %s is %v, offered %v", bookmaker, o.GetName(), o.GetOdds(), offered)
			}
		}
	}
	margins, err := history.ListMarginHistory(t.Context(), &oddscachev1.ListMarginHistoryRequest{SrId: event.SrID, MarketId: result})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range margins.GetMoments()[2].GetQuotes() {
		if q.Margin == nil || q.GetMargin() < 0 || q.GetMargin() > 0.2 {
			t.Errorf("%s has a margin of %v", q.GetBookmaker(), q.Margin)
		}
	}
}
