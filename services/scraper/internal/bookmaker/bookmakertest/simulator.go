package bookmakertest

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
)

// The simulated site is written from the same facts by others: everything that it offers is listed and can be read.
func simulator(t *testing.T, f Fixture) {
	cfg := sim.DefaultConfig()
	cfg.Events, cfg.LargestShare, cfg.RequireHeaders = 140, 0.9, true
	for i := range cfg.Offered {
		cfg.Offered[i], cfg.Tournaments[i] = 120+5*i, 6+i
	}
	world, err := sim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	world.Freeze()
	server := httptest.NewServer(world.Handler(string(f.Bookmaker)))
	t.Cleanup(server.Close)
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	s := NewSite(t, f, slots)
	row, _ := registry.Lookup(f.Bookmaker)
	s.Client, err = row.NewClient(table, client.Config{URL: server.URL, Now: world.Now}, s.Limiter, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Client.Close)
	found, err := s.Client.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, got := make(map[string]time.Time), make(map[string]time.Time)
	for _, e := range world.Events() {
		if l, ok := e.Listings[string(f.Bookmaker)]; ok && e.Sport == "football" {
			want[l.EventID] = l.Kickoff
		}
	}
	for _, l := range found.Listings {
		got[l.EventID] = l.Kickoff
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kickoffs by event (-want +got):\n%s", diff)
	}
	for _, l := range found.Listings[:5] {
		d, err := s.detail(t.Context(), bookmaker.Target{EventID: l.EventID, SrID: l.SrID})
		if err != nil {
			t.Errorf("event %s: %v", l.EventID, err)
			continue
		}
		if d.Snapshot.EventID != l.EventID || !d.Listing.Kickoff.Equal(l.Kickoff) || len(d.Snapshot.Markets) < 20 {
			t.Errorf("event %s: %d markets, listing %+v", l.EventID, len(d.Snapshot.Markets), d.Listing)
		}
	}
	s.Released(t)
}
