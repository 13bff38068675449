package bookmakertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// listing is what is expected of an event's.
func (f Fixture) listing(e Event) odds.Listing {
	return odds.Listing{
		Bookmaker: f.Bookmaker, EventID: e.ID, SrID: e.SrID, Kickoff: e.Kickoff, Name: e.Home + " - " + e.Away,
		HomeTeam: e.Home, AwayTeam: e.Away, Sport: "football", Country: e.Tournament.Country,
		Tournament: e.Tournament.Name, TournamentID: e.Tournament.ID,
	}
}

// Every event of every tournament is listed, with all that is known of it.
func discover(t *testing.T, f Fixture) {
	s := NewSite(t, f, slots, 3, 0, 250)
	found, err := s.Client.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]odds.Listing)
	for _, events := range s.Events {
		for _, e := range events {
			want[e.ID] = f.listing(e)
		}
	}
	got := make(map[string]odds.Listing)
	for _, l := range found.Listings {
		got[l.EventID] = l
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listings (-want +got):\n%s", diff)
	}
	if len(found.Listings) != len(want) || found.Partial() || found.Rejections.Total() != 0 || found.Blocked != 0 {
		t.Errorf("%d listings, partial %t, refusals %v, %d blocked", len(found.Listings), found.Partial(), found.Rejections, found.Blocked)
	}
	if n := len(found.Tournaments); n != 3 || s.Requests(fetch.TournamentsCall) != 1 {
		t.Errorf("%d tournaments after %d requests", n, s.Requests(fetch.TournamentsCall))
	}
	s.Released(t)
}

// A site with pages is read to the end, and one without is read once.
func discoverPages(t *testing.T, f Fixture) {
	size := f.PageSize
	if size == 0 {
		size = 100
	}
	for _, n := range []int{0, 1, size - 1, size, size + 1, 2*size + size/2} {
		s := NewSite(t, f, slots, n, 1) // one event beside it, since no event at all is an error where lists are silent
		found, err := s.Client.Discover(t.Context())
		if err != nil || found.Partial() || len(found.Listings) != n+1 {
			t.Errorf("%d events: %d listed, partial %t, %v", n, len(found.Listings), found.Partial(), err)
		}
		if requests := s.Requests(fetch.EventsCall); f.PageSize == 0 && requests != 2 || requests > n/size+4 {
			t.Errorf("%d events: %d requests", n, requests)
		}
	}
}

// A list that is shorter than the site's own count makes its tournament partial, and is used.
func discoverCounts(t *testing.T, f Fixture) {
	if !f.Counts {
		t.Skip("the site's tournaments have no counts")
	}
	s := NewSite(t, f, slots, 10, 30)
	first := s.Tournaments[0].ID
	s.Events[first] = s.Events[first][:6]
	found, err := s.Client.Discover(t.Context())
	if err != nil || len(found.Listings) != 36 || found.Rejections[odds.ShortList] != 1 {
		t.Errorf("%d listed, refusals %v, %v", len(found.Listings), found.Rejections, err)
	}
	for _, tournament := range found.Tournaments {
		if errors.Is(tournament.Err, discovery.ErrShortList) != (tournament.ID == first) {
			t.Errorf("tournament %s: %v", tournament.ID, tournament.Err)
		}
	}
}

// What is wrong with one answer is the trouble of its tournament alone; what is wrong with all, or with the list of
// tournaments, is the bookmaker's.
func discoverFaults(t *testing.T, f Fixture) {
	html, empty := Answer{Body: "<html>"}, Answer{Status: 202}
	errAny := errors.New("any error")
	type fault struct {
		tree, first, second *Answer
		err                 error // of the whole
		blocked             int
	}
	faults := map[string]fault{
		"one is HTML":                 {first: &html, blocked: 1},
		"one is empty with 202":       {first: &empty, blocked: 1},
		"one is turned away with 403": {first: &Answer{Status: 403}, blocked: 1},
		"one is down":                 {first: &Answer{Status: 502}},
		"one is not found":            {first: &Answer{Status: 404, Body: "{}"}},
		"one is cut off":              {first: &Answer{Body: `{"`}},
		"one is of another shape":     {first: &Answer{Body: `[7]`}},
		"all are HTML":                {first: &html, second: &html, err: discovery.ErrNoTournament, blocked: 2},
		"all are silent":              {first: &Answer{Body: f.Silent}, second: &Answer{Body: f.Silent}, err: discovery.ErrNoEvents},
		"the tree is HTML":            {tree: &html, err: bookmaker.ErrThrottled, blocked: 1},
		"the tree is turned away":     {tree: &Answer{Status: 403}, err: bookmaker.ErrThrottled, blocked: 1},
		"the tree is not found":       {tree: &Answer{Status: 404, Body: "{}"}, err: errAny},
		"the tree is of no shape":     {tree: &Answer{Body: `{}`}, err: errAny},
		"the tree is cut off":         {tree: &Answer{Body: `{"`}, err: errAny},
	}
	for i, body := range f.NoFootball {
		faults[fmt.Sprint("no football ", i+1)] = fault{tree: &Answer{Body: body}, err: errAny}
	}
	for name, tc := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewSite(t, f, slots, 3, 40)
			for key, answer := range map[string]*Answer{
				TreeKey: tc.tree, s.Tournaments[0].ID: tc.first, s.Tournaments[1].ID: tc.second,
			} {
				if answer != nil {
					s.Answers[key] = *answer
				}
			}
			found, err := s.Client.Discover(t.Context())
			s.Released(t)
			if found.Blocked != tc.blocked {
				t.Errorf("%d blocked, want %d", found.Blocked, tc.blocked)
			}
			switch {
			case tc.err != nil && (err == nil || tc.err != errAny && !errors.Is(err, tc.err)): //nolint:errorlint // it is this one
				t.Errorf("error %v, want %v", err, tc.err)
			case tc.err == nil && (err != nil || len(found.Listings) != 40):
				t.Errorf("%d listed, %v", len(found.Listings), err)
			case tc.err == nil:
				for i, tournament := range found.Tournaments {
					if (tournament.Err != nil) != (i == 0) {
						t.Errorf("tournament %s: %v", tournament.ID, tournament.Err)
					}
				}
			}
		})
	}
}

// What has begun is left out, and what nobody plays is refused.
func discoverNotListed(t *testing.T, f Fixture) {
	s := NewSite(t, f, slots, 6)
	events := s.Events[s.Tournaments[0].ID]
	events[0].Kickoff = Now()
	events[1].Kickoff = Now().Add(-time.Hour)
	events[2].Home, events[2].Away = "Chelsea SRL", "Arsenal SRL"
	events[3].Kickoff = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	found, err := s.Client.Discover(t.Context())
	if err != nil || found.Partial() {
		t.Fatalf("partial %t, %v", found.Partial(), err)
	}
	var got []string
	for _, l := range found.Listings {
		got = append(got, l.EventID)
	}
	if diff := cmp.Diff([]string{events[4].ID, events[5].ID}, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(odds.Rejections{odds.NotReal: 1, odds.BadKickoff: 1}, found.Rejections); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	want := map[string]bool{events[2].ID: true, events[3].ID: true}
	for _, id := range found.Tournaments[0].RejectedIDs {
		delete(want, id)
	}
	if len(want) != 0 {
		t.Errorf("refused %q, which lacks %v", found.Tournaments[0].RejectedIDs, want)
	}
}

// An event without a SportRadar id is listed where the site leaves ids to details, and else refused.
func discoverWithoutID(t *testing.T, f Fixture) {
	s := NewSite(t, f, slots, 2)
	events := s.Events[s.Tournaments[0].ID]
	if id, _ := bookmaker.ParseSrID(events[0].ID); id == events[0].SrID {
		t.Skip("the site's own ids are SportRadar's")
	}
	events[0].SrID = ""
	found, err := s.Client.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for _, l := range found.Listings {
		if l.EventID == events[0].ID && l.SrID == "" {
			unknown++
		}
	}
	if listed := unknown == 1; listed != f.SparseIDs || found.Rejections[odds.NoSrID] != 1-unknown {
		t.Errorf("listed %t, want %t; refusals %v", listed, f.SparseIDs, found.Rejections)
	}
	if _, err := s.detail(t.Context(), bookmaker.Target{EventID: events[0].ID}); !rejectedAs(err, odds.NoSrID) {
		t.Errorf("its detail: %v", err)
	}
}
