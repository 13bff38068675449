package listing

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func found(failed []string, listed ...string) bookmaker.Discovery {
	d := bookmaker.Discovery{Tournaments: []bookmaker.Tournament{{ID: "ok"}}}
	for _, id := range failed {
		d.Tournaments = append(d.Tournaments, bookmaker.Tournament{ID: id, Err: errors.New("no answer")})
	}
	for _, id := range listed {
		d.Listings = append(d.Listings, odds.Listing{EventID: id, TournamentID: "ok"})
	}
	return d
}

func TestAbsenceNeedsTwoAnswersOfItsTournament(t *testing.T) {
	t.Parallel()
	a := make(Absences)
	upcoming := []string{"1", "2"}
	steps := []struct {
		name  string
		found bookmaker.Discovery
		gone  []string
	}{
		{"both listed", found(nil, "1", "2"), nil},
		{"one missing once", found(nil, "1"), nil},
		{"its tournament did not answer", func() bookmaker.Discovery {
			d := found(nil, "1")
			d.Tournaments[0].Err = errors.New("no answer")
			return d
		}(), nil},
		{"missing twice", found(nil, "1"), []string{"2"}},
		{"back", found(nil, "1", "2"), nil},
		{"missing once more", found(nil, "1"), nil},
	}
	for _, step := range steps {
		if diff := cmp.Diff(step.gone, a.Update(odds.Bet9ja, step.found, upcoming).Gone); diff != "" {
			t.Fatalf("%s: %s", step.name, diff)
		}
	}
}

func TestAbsenceOfUnknownTournamentNeedsAllToAnswer(t *testing.T) {
	t.Parallel()
	a := make(Absences)
	for range 3 {
		if gone := a.Update(odds.Bet9ja, found([]string{"other"}), []string{"1"}).Gone; gone != nil {
			t.Fatalf("%v counted as gone although a tournament was silent", gone)
		}
	}
	a.Update(odds.Bet9ja, found(nil), []string{"1"})
	if gone := a.Update(odds.Bet9ja, found(nil), []string{"1"}).Gone; len(gone) != 1 {
		t.Errorf("gone: %v", gone)
	}
	a.Retain(nil)
	if len(a) != 0 {
		t.Errorf("%d absences kept", len(a))
	}
}

func TestRejectedListingIsOffered(t *testing.T) {
	t.Parallel()
	a := make(Absences)
	rejected := func(ids ...string) bookmaker.Discovery {
		d := found(nil, "1")
		d.Tournaments[0].RejectedIDs = ids
		return d
	}
	a.Update(odds.Bet9ja, found(nil, "1", "2"), []string{"1", "2"})
	for range 3 {
		if gone := a.Update(odds.Bet9ja, rejected("2"), []string{"1", "2"}).Gone; gone != nil {
			t.Fatalf("%v counted as gone although it was listed, unreadably", gone)
		}
		if gone := a.Update(odds.Bet9ja, rejected(""), []string{"1", "2"}).Gone; gone != nil {
			t.Fatalf("%v counted as gone although the tournament listed an event that could not be read", gone)
		}
	}
}

// What a short list leaves out is not gone.
func TestShortListWithdrawsNothing(t *testing.T) {
	t.Parallel()
	a := make(Absences)
	a.Update(odds.Bet9ja, found(nil, "1", "2"), []string{"1", "2"})
	short := found(nil, "1")
	short.Short = true
	for range 5 {
		if gone := a.Update(odds.Bet9ja, short, []string{"1", "2"}).Gone; gone != nil {
			t.Fatalf("%v counted as gone although the site says that there are more", gone)
		}
	}
}

// A tournament that is not listed any more did not answer for its events, so that takes longer.
func TestVanishedTournament(t *testing.T) {
	t.Parallel()
	a := make(Absences)
	a.Update(odds.Bet9ja, found(nil, "1", "2"), []string{"1", "2"})
	other := bookmaker.Discovery{Tournaments: []bookmaker.Tournament{{ID: "other"}}}
	for n := 1; n <= vanishedCycles; n++ {
		gone := a.Update(odds.Bet9ja, other, []string{"1", "2"}).Gone
		if (len(gone) == 2) != (n == vanishedCycles) {
			t.Fatalf("in cycle %d: %v", n, gone)
		}
	}
}
