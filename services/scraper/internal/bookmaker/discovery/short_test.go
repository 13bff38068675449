package discovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// A tournament is short when it lists fewer events than the site says, those that have just begun apart.
func TestShortLists(t *testing.T) {
	t.Parallel()
	soon, later := time.Now().Add(20*time.Second), time.Now().Add(time.Hour)
	past := func() *Past {
		k := new(Past)
		k.keep([]odds.Listing{{TournamentID: "a", Kickoff: soon}, {TournamentID: "a", Kickoff: later}, {TournamentID: "b", Kickoff: later}})
		return k
	}
	for name, tc := range map[string]struct {
		reported map[string]int // by tournament
		total    int
		lists    map[string]int
		page     map[string]int // the answer's own count
		past     *Past
		short    []string
		whole    bool // only the total tells
	}{
		"as many":                 {reported: map[string]int{"a": 2, "b": 3}, lists: map[string]int{"a": 2, "b": 3}},
		"more":                    {reported: map[string]int{"a": 2}, lists: map[string]int{"a": 3}},
		"nobody counts":           {lists: map[string]int{"a": 2}},
		"fewer":                   {reported: map[string]int{"a": 10, "b": 3}, lists: map[string]int{"a": 6, "b": 3}, short: []string{"a"}},
		"none":                    {reported: map[string]int{"a": 1, "b": 1}, lists: map[string]int{"b": 1}, short: []string{"a"}},
		"the answer counts":       {page: map[string]int{"a": 10}, lists: map[string]int{"a": 6}, short: []string{"a"}},
		"one has begun":           {reported: map[string]int{"a": 3}, lists: map[string]int{"a": 2}, past: past()},
		"two are missing":         {reported: map[string]int{"a": 3}, lists: map[string]int{"a": 1}, past: past(), short: []string{"a"}},
		"none of its has begun":   {reported: map[string]int{"b": 3}, lists: map[string]int{"b": 2}, past: past(), short: []string{"b"}},
		"a tournament is missing": {reported: map[string]int{"a": 10}, total: 20, lists: map[string]int{"a": 10}, whole: true},
		"the total alone":         {total: 10, lists: map[string]int{"a": 6, "b": 0}, whole: true},
		"a total that is near":    {total: 41, lists: map[string]int{"a": 39}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Begin(limiter(t, 2), tc.past, time.Now)
			s.SetTotal(tc.total)
			var tournaments []bookmaker.Tournament
			for id := range tc.lists {
				tournaments = append(tournaments, bookmaker.Tournament{ID: id, Count: tc.reported[id]})
			}
			for id, reported := range tc.reported {
				if _, listed := tc.lists[id]; !listed {
					tournaments = append(tournaments, bookmaker.Tournament{ID: id, Count: reported})
				}
			}
			found, err := s.Each(t.Context(), tournaments, func(_ context.Context, to bookmaker.Tournament) (Page, error) {
				p := Page{Events: tc.lists[to.ID], Count: tc.page[to.ID]}
				for i := range p.Events {
					p.Listings = append(p.Listings, listing(fmt.Sprint(to.ID, i), "", 1))
				}
				return p, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			var short []string
			for _, to := range found.Tournaments {
				if errors.Is(to.Err, ErrShortList) {
					short = append(short, to.ID)
				}
			}
			want := len(tc.short)
			if tc.whole {
				want = 1
			}
			if !slices.Equal(short, tc.short) || found.Short != tc.whole || found.Rejections[odds.ShortList] != want || found.Partial() != (want > 0) {
				t.Errorf("short %v, in all %t, refusals %v", short, found.Short, found.Rejections)
			}
		})
	}
}

// A count that no tournament meets is believed for a while, and then taken for a count of something else; one that was met
// once protects its tournament for as long as it takes.
func TestCountOfAnotherMeaning(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		first bool // all events were listed once
		total int
		want  bool
	}{
		"never met":               {},
		"met once":                {first: true, want: true},
		"a total that is not met": {total: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var past Past
			discover := func(each int) bookmaker.Discovery {
				s := Begin(limiter(t, 4), &past, time.Now)
				s.SetTotal(tc.total)
				var tournaments []bookmaker.Tournament
				for i := range 20 {
					to := bookmaker.Tournament{ID: fmt.Sprint(i)}
					if tc.total == 0 {
						to.Count = 3
					}
					tournaments = append(tournaments, to)
				}
				found, err := s.Each(t.Context(), tournaments, func(_ context.Context, to bookmaker.Tournament) (Page, error) {
					p := Page{Events: each}
					for i := range each {
						p.Listings = append(p.Listings, listing(fmt.Sprint(to.ID, "-", i), "", 1))
					}
					return p, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			if tc.first {
				discover(3)
			}
			for i := range unmet {
				if !discover(2).Partial() {
					t.Fatalf("discovery %d: a shortfall was not believed", i+1)
				}
			}
			if found := discover(2); found.Partial() != tc.want || (found.Rejections[odds.ShortList] > 0) != tc.want {
				t.Errorf("after %d discoveries: partial %t, refusals %v", unmet, found.Partial(), found.Rejections)
			}
		})
	}
}

// An event that an answer, or several answers of one tournament, list twice is one event.
func TestEnter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 0, 30, 0, 0, time.UTC)
	var p Page
	for _, l := range []odds.Listing{listing("1", "1", 1), listing("1", "1", 2), listing("2", "2", 0), listing("", "", 1), listing("", "", 1)} {
		reason := odds.Reason("")
		if l.EventID == "" {
			reason = odds.NoEventID
		}
		p.Enter(l, reason, now)
	}
	p.Enter(listing("3", "3", 1), odds.BadKickoff, now)
	p.Enter(listing("3", "3", 1), odds.BadKickoff, now)
	if diff := cmp.Diff([]odds.Listing{listing("1", "1", 1)}, p.Listings); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(odds.Rejections{odds.NoEventID: 2, odds.BadKickoff: 1}, p.Rejections); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if p.Events != 5 || !slices.Equal(p.RejectedIDs, []string{"", "", "3"}) {
		t.Errorf("%d events, refused %q", p.Events, p.RejectedIDs)
	}
}
