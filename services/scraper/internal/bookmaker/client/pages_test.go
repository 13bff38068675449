package client_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// A site that caps its pages is read to the end: on from what arrived, not from what was requested.
func TestPages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		site   *site
		events map[string]int
		pages  map[string]int
	}{
		"capped": {
			site: &site{most: 50}, events: map[string]int{"8": 120},
			pages: map[string]int{"8/0": 1, "8/50": 1, "8/100": 1, "8/120": 1},
		},
		"capped, and counts": {
			site: &site{most: 50, counts: true}, events: map[string]int{"8": 120},
			pages: map[string]int{"8/0": 1, "8/50": 1, "8/100": 1},
		},
		"counts": {
			site: &site{counts: true}, events: map[string]int{"7": 0, "8": 99, "9": 100, "10": 101, "11": 250},
			pages: map[string]int{
				"7/0": 1, "8/0": 1, "9/0": 1, "9/100": 1, "10/0": 1, "10/100": 1, "11/0": 1, "11/100": 1, "11/200": 1,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.site.t, tc.site.events = t, tc.events
			found, err := newClient(t, tc.site).Discover(t.Context())
			counts := make(map[string]int)
			for id := range tc.events {
				counts[id] = 0
			}
			for _, l := range found.Listings {
				counts[l.TournamentID]++
			}
			if diff := cmp.Diff(tc.events, counts); diff != "" || err != nil || found.Partial() {
				t.Errorf("partial %t, %v, events by tournament (-want +got):\n%s", found.Partial(), err, diff)
			}
			if diff := cmp.Diff(tc.pages, tc.site.pages); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
		})
	}
}

// A list that is shorter than the site's own count is used, and makes its tournament partial.
func TestShortPages(t *testing.T) {
	t.Parallel()
	s := &site{t: t, events: map[string]int{"8": 10, "9": 130}, hide: 4, counts: true}
	c := newClient(t, s)
	found, err := c.Discover(t.Context())
	if err != nil || len(found.Listings) != 6+126 || found.Rejections[odds.ShortList] != 2 {
		t.Errorf("%d events, refusals %v, %v", len(found.Listings), found.Rejections, err)
	}
	for _, tournament := range found.Tournaments {
		if !errors.Is(tournament.Err, discovery.ErrShortList) {
			t.Errorf("tournament %s: %v", tournament.ID, tournament.Err)
		}
	}
	s.hide = 0
	if found, err = c.Discover(t.Context()); err != nil || found.Partial() || len(found.Listings) != 140 {
		t.Errorf("afterwards: %d events, partial %t, %v", len(found.Listings), found.Partial(), err)
	}
}

// What was read before a page that fails is listed all the same.
func TestBrokenPages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		site   *site
		listed int
		failed string // the tournament that fails
	}{
		"the second page fails":   {&site{events: map[string]int{"8": 50, "9": 101}, broken: map[string]string{"9/100": `{}`}}, 150, "9"},
		"pages repeat":            {&site{events: map[string]int{"8": 50, "9": 101}, ignore: true}, 150, "9"},
		"an event is there twice": {&site{events: map[string]int{"8": 50, "9": 99}, twice: true}, 49 + 98, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.site.t = t
			found, err := newClient(t, tc.site).Discover(t.Context())
			if err != nil || len(found.Listings) != tc.listed {
				t.Errorf("%d listed, want %d, %v", len(found.Listings), tc.listed, err)
			}
			for _, tournament := range found.Tournaments {
				if (tournament.Err != nil) != (tournament.ID == tc.failed) {
					t.Errorf("tournament %s: %v", tournament.ID, tournament.Err)
				}
			}
		})
	}
}
