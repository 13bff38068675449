package scraper

import (
	"slices"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
)

// A bookmaker that is off has no client.
func TestBookmakersThatAreOff(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	off := Bookmakers()[1]
	cfg.Bookmaker(off).Off = true
	group, err := limit.NewGroup(cfg.limits())
	if err != nil {
		t.Fatal(err)
	}
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	clients, err := newClients(cfg, table, group, nil, clock.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range clients {
		t.Cleanup(c.Close)
		names = append(names, string(c.Bookmaker()))
	}
	if slices.Contains(names, off) || len(names) != len(Bookmakers())-1 {
		t.Errorf("clients of %v, %s is off", names, off)
	}
}
