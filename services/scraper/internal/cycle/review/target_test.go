package review

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

type complete = map[odds.Bookmaker]bool

var noon = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)

func listing(b odds.Bookmaker, id, srID string, kickoff time.Time) odds.Listing {
	return odds.Listing{
		Bookmaker: b, EventID: id, SrID: srID, Kickoff: kickoff, Name: string(b) + " name", HomeTeam: string(b) + " home",
		AwayTeam: string(b) + " away", Sport: "football", Country: string(b) + " country", Tournament: string(b) + " cup",
	}
}

func committedEvent(srID string) odds.Event {
	return odds.Event{
		SrID: srID, BetPawaEventID: "p1", Name: "committed", HomeTeam: "h", AwayTeam: "a", Kickoff: noon, Sport: "football",
		Country: "c", Tournament: "t", Competitors: []odds.CompetitorEvent{{Bookmaker: odds.SportyBet, EventID: "s1"}},
	}
}

func TestMergeTakesTheFirstBookmakersWord(t *testing.T) {
	t.Parallel()
	found := map[odds.Bookmaker]bookmaker.Discovery{
		odds.Bet9ja:    {Listings: []odds.Listing{listing(odds.Bet9ja, "9", "1", noon.Add(2*time.Hour)), listing(odds.Bet9ja, "8", "2", noon)}},
		odds.SportyBet: {Listings: []odds.Listing{listing(odds.SportyBet, "s", "1", noon.Add(time.Hour)), listing(odds.SportyBet, "x", "", noon)}},
		odds.BetPawa:   {Listings: []odds.Listing{listing(odds.BetPawa, "p", "1", noon)}},
	}
	targets := Merge(found, func(string) (odds.Event, bool) { return odds.Event{}, false })
	if len(targets) != 2 {
		t.Fatalf("%d targets", len(targets))
	}
	want := odds.Event{
		SrID: "1", BetPawaEventID: "p", Name: "betpawa name", HomeTeam: "betpawa home", AwayTeam: "betpawa away", Kickoff: noon,
		Sport: "football", Country: "betpawa country", Tournament: "betpawa cup",
		Competitors: []odds.CompetitorEvent{{Bookmaker: odds.Bet9ja, EventID: "9"}, {Bookmaker: odds.SportyBet, EventID: "s"}},
	}
	if diff := cmp.Diff(want, targets[0].event(nil)); diff != "" {
		t.Error(diff)
	}
	competitorOnly := targets[1].event(nil)
	if competitorOnly.BetPawaEventID != "" || competitorOnly.HomeTeam != "bet9ja home" {
		t.Errorf("competitor-only event is %+v", competitorOnly)
	}
}

func TestEventKeepsWhatNobodyContradicts(t *testing.T) {
	t.Parallel()
	committed := committedEvent("1")
	moved := noon.Add(3 * time.Hour)
	for _, tc := range []struct {
		name     string
		listings []odds.Listing
		complete complete
		kickoff  time.Time
		event    string
		pawa     string
	}{
		{"reference moved it", []odds.Listing{listing(odds.BetPawa, "p1", "1", moved)}, complete{odds.BetPawa: true}, moved, "betpawa name", "p1"},
		{"reference did not answer", []odds.Listing{listing(odds.SportyBet, "s1", "1", moved)}, complete{odds.SportyBet: true}, noon, "committed", ""},
		{"reference answered without it", []odds.Listing{listing(odds.SportyBet, "s1", "1", moved)}, complete{odds.BetPawa: true, odds.SportyBet: true}, moved, "sportybet name", ""},
		{"created again under another id", []odds.Listing{listing(odds.BetPawa, "p2", "1", noon)}, complete{odds.BetPawa: true}, noon, "betpawa name", "p2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			target := &Target{SrID: "1", Committed: &committed, Listings: map[odds.Bookmaker]odds.Listing{}}
			for _, l := range tc.listings {
				target.Listings[l.Bookmaker] = l
			}
			got := target.event(tc.complete)
			if !got.Kickoff.Equal(tc.kickoff) || got.Name != tc.event || got.BetPawaEventID != tc.pawa {
				t.Errorf("event is %+v", got)
			}
			var listed []odds.CompetitorEvent // what is not listed now is the store's to keep, or another event's
			for _, l := range tc.listings {
				if !l.Bookmaker.Reference() {
					listed = append(listed, odds.CompetitorEvent{Bookmaker: l.Bookmaker, EventID: l.EventID})
				}
			}
			if diff := cmp.Diff(listed, got.Competitors); diff != "" {
				t.Error(diff)
			}
		})
	}
	if diff := cmp.Diff(committedEvent("1"), committed); diff != "" {
		t.Errorf("the committed event was changed: %s", diff)
	}
}

func TestDetailRefinesTheListing(t *testing.T) {
	t.Parallel()
	bare := odds.Listing{Bookmaker: odds.SportyBet, EventID: "s", SrID: "1", Kickoff: noon}
	target := &Target{SrID: "1", Listings: map[odds.Bookmaker]odds.Listing{odds.SportyBet: bare}}
	target.refine(odds.Listing{Bookmaker: odds.SportyBet, Kickoff: noon.Add(time.Hour), HomeTeam: "H", AwayTeam: "A", Country: "C", Tournament: "T"})
	got := target.event(nil)
	if got.Name != "H - A" || got.Country != "C" || got.Tournament != "T" || !got.Kickoff.Equal(noon.Add(time.Hour)) {
		t.Errorf("event is %+v", got)
	}
}
