package bookmakertest

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// market1X2 is BetPawa's id of 1X2 - FT.
const market1X2 = "3743"

// A detail becomes a snapshot of BetPawa's market and outcomes, dated and numbered.
func fetchOne(t *testing.T, f Fixture) {
	s := NewSite(t, f, slots, 2)
	e := s.Events[s.Tournaments[0].ID][1]
	before, number := time.Now().Add(-time.Second), fetch.NextRequest()
	d, err := s.detail(t.Context(), bookmaker.Target{EventID: e.ID, SrID: e.SrID})
	if err != nil {
		t.Fatal(err)
	}
	s.Released(t)
	if diff := cmp.Diff(f.listing(e), d.Listing); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
	want := []odds.Market{{
		MarketKey: odds.MarketKey{ID: market1X2}, Name: "1X2 - FT",
		Outcomes: []odds.Outcome{
			{Name: "1", Odds: 2.40, Active: true}, {Name: "X", Odds: 3.30, Active: true}, {Name: "2", Odds: 3.05, Active: true},
		},
	}}
	got := make([]odds.Market, 0, len(d.Snapshot.Markets))
	for _, m := range d.Snapshot.Markets {
		m.Groups = nil // BetPawa's alone
		got = append(got, m)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b odds.Line) bool { return a == b })); diff != "" {
		t.Errorf("markets (-want +got):\n%s", diff)
	}
	if snap := d.Snapshot; snap.Bookmaker != f.Bookmaker || snap.EventID != e.ID || snap.SrID != e.SrID || !snap.Complete {
		t.Errorf("snapshot %+v", snap)
	}
	if snap := d.Snapshot; snap.Request <= number || snap.RequestedAt.Before(before) || snap.CapturedAt.Before(snap.RequestedAt) {
		t.Errorf("request %d after %d, requested %v, captured %v", snap.Request, number, snap.RequestedAt, snap.CapturedAt)
	}
	if _, err := s.detail(t.Context(), bookmaker.Target{EventID: e.ID}); err != nil {
		t.Errorf("without a SportRadar id to compare with: %v", err)
	}
}

// A detail that cannot be used says why.
func fetchFaults(t *testing.T, f Fixture) {
	good := NewSite(t, f, slots, 2)
	of := good.Tournaments[0]
	e, other := good.Events[of.ID][0], good.Events[of.ID][1]
	basketball, simulated, undated := e, e, e
	basketball.Basketball = true
	simulated.Home, simulated.Away = "Chelsea SRL", "Arsenal SRL"
	undated.Kickoff = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	relabelled := withID(other, e.ID)
	own, _ := bookmaker.ParseSrID(e.ID)
	for name, tc := range map[string]struct {
		answer   Answer
		rejected odds.Reason
		throttle bool
		status   int
		kind     limit.Kind // that the limiter learns
	}{
		"HTML":                    {answer: Answer{Body: "<html>"}, throttle: true, rejected: odds.NotJSON, kind: limit.Throttled},
		"empty with 202":          {answer: Answer{Status: 202}, throttle: true, rejected: odds.NotJSON, kind: limit.Throttled},
		"403":                     {answer: Answer{Status: 403}, throttle: true, kind: limit.Throttled},
		"502":                     {answer: Answer{Status: 502}, status: 502, kind: limit.Failed},
		"cut off":                 {answer: Answer{Body: `{"`}, rejected: odds.NotJSON},
		"no object":               {answer: Answer{Body: `[7]`}, rejected: odds.NotJSON},
		"another event":           {answer: Answer{Body: f.Detail(other)}, rejected: odds.WrongEvent, kind: limit.OK},
		"basketball":              {answer: Answer{Body: f.Detail(basketball)}, rejected: odds.WrongSport, kind: limit.OK},
		"simulated":               {answer: Answer{Body: f.Detail(simulated)}, rejected: odds.NotReal, kind: limit.OK},
		"a kickoff of long ago":   {answer: Answer{Body: f.Detail(undated)}, rejected: odds.BadKickoff, kind: limit.OK},
		"an event that is gone":   {answer: f.Unknown, rejected: odds.NotOffered, kind: limit.NotFound},
		"another SportRadar id":   {answer: Answer{Body: f.Detail(relabelled)}, rejected: odds.WrongEvent, kind: limit.OK},
		"another id of the event": {answer: Answer{Body: f.Detail(withID(e, other.ID))}, rejected: odds.WrongEvent, kind: limit.OK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.answer.Body == f.Detail(relabelled) && own == e.SrID {
				t.Skip("the site's own ids are SportRadar's")
			}
			s := NewSite(t, f, slots, 2)
			s.Answers[e.ID] = tc.answer
			_, err := s.detail(t.Context(), bookmaker.Target{EventID: e.ID, SrID: e.SrID})
			s.Released(t)
			status, _ := errors.AsType[*fetch.StatusError](err)
			switch {
			case err == nil:
				t.Error("no error")
			case tc.rejected != "" && !rejectedAs(err, tc.rejected):
				t.Errorf("error %v, want it refused as %s", err, tc.rejected)
			case errors.Is(err, bookmaker.ErrThrottled) != tc.throttle:
				t.Errorf("error %v, throttled: %t", err, tc.throttle)
			case tc.status != 0 && (status == nil || status.Status != tc.status):
				t.Errorf("error %v, want status %d", err, tc.status)
			}
			// The last attempt of several was reported to the limiter already.
			if got := fetch.OutcomeOf(err).Kind; got != tc.kind && tc.status < http.StatusInternalServerError {
				t.Errorf("%v is %s to the limiter, want %s", err, got, tc.kind)
			}
		})
	}
}

func withID(e Event, id string) Event {
	e.ID = id
	return e
}

// An outcome is open exactly when it has a readable price above 1 and nothing closes it.
func fetchPrices(t *testing.T, f Fixture) {
	for name, tc := range map[string]struct {
		quote  Quote
		odds   float64
		open   bool
		reason odds.Reason
	}{
		"above 1":            {quote: Quote{Price: "1.10"}, odds: 1.10, open: true},
		"1":                  {quote: Quote{Price: "1"}, odds: 1},
		"1.00":               {quote: Quote{Price: "1.00"}, odds: 1},
		"below 1":            {quote: Quote{Price: "0.98"}, odds: 0.98},
		"0":                  {quote: Quote{Price: "0"}},
		"null":               {quote: Quote{Price: Null}},
		"missing":            {quote: Quote{Price: Missing}},
		"blank":              {quote: Quote{Price: " "}},
		"a word for nothing": {quote: Quote{Price: "n/a"}},
		"no number":          {quote: Quote{Price: "abc"}, reason: odds.BadOdds},
		"negative":           {quote: Quote{Price: "-2.5"}, reason: odds.BadOdds},
		"absurd":             {quote: Quote{Price: "1e9"}, reason: odds.BadOdds},
		"closed by a flag":   {quote: Quote{Price: "2.40", Closed: true}, odds: 2.40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.quote.Closed && !f.Flags {
				t.Skip("the site closes by prices alone")
			}
			s := NewSite(t, f, slots, 1)
			e := s.Events[s.Tournaments[0].ID][0]
			tc.quote.Outcome = e.Quotes[0].Outcome
			e.Quotes[0] = tc.quote
			d, err := s.detail(t.Context(), bookmaker.Target{EventID: e.ID})
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Snapshot.Markets) != 1 {
				t.Fatalf("markets %v", d.Snapshot.Markets)
			}
			var got odds.Outcome // an outcome that is not listed is one that is closed without a price
			for _, o := range d.Snapshot.Markets[0].Outcomes {
				switch {
				case o.Name == tc.quote.Outcome:
					got = o
				case !o.Active:
					t.Errorf("%s beside it is closed", o.Name)
				}
			}
			if got.Active != tc.open || got.Odds != tc.odds {
				t.Errorf("%+v, want %g, open %t", got, tc.odds, tc.open)
			}
			want := odds.Rejections{}
			if tc.reason != "" {
				want[tc.reason] = 1
			}
			if diff := cmp.Diff(want, d.Rejections); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}
