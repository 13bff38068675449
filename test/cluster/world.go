package cluster

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// World is simulated bookmakers in this process, all of them at one URL.
type World struct {
	*sim.World

	URL    string
	server *httptest.Server
}

// SmallWorld is a world of so many events, most of which every bookmaker lists, and to which nothing happens by itself
// but moving odds and kickoffs.
func SmallWorld(events int) sim.Config {
	c := sim.DefaultConfig()
	c.Life = sim.Life{}
	c.Events, c.Offered = events, [3]int{events * 3 / 4, events * 19 / 20, events * 9 / 10}
	return c
}

// NewWorld serves a world. Close ends it.
func NewWorld(cfg sim.Config) (*World, error) {
	w, err := sim.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("making the world: %w", err)
	}
	server := httptest.NewServer(w.Combined())
	return &World{World: w, URL: server.URL, server: server}, nil
}

// Close ends the world.
func (w *World) Close() { w.server.Close() }

// StartWorld serves a world until the test ends.
func StartWorld(t *testing.T, cfg sim.Config) *World {
	t.Helper()
	w, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}
