package bookiesim_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim"
)

// get is the status of a bookmaker's first page at an address.
func get(t *testing.T, client *http.Client, address, path string) int {
	t.Helper()
	response, err := client.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestRunServesUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := bookiesim.Config{
		Listen: "127.0.0.1:0", Bet9jaListen: "127.0.0.1:0", Profile: "default", Events: 20, Density: "small", Shape: "v4",
		Horizon: 120 * time.Hour, Tick: time.Minute,
	}
	app, err := bookiesim.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }() // ends with ctx
	client := &http.Client{Transport: &http.Transport{}}
	const list = "/api/sportsbook/v4/categories/list/all"
	if got := get(t, client, app.Addr("").String(), list); got != http.StatusOK {
		t.Errorf("all bookmakers: %d, want 200", got)
	}
	if got := get(t, client, app.Addr("bet9ja").String(), list); got != http.StatusNotFound {
		t.Errorf("Bet9ja alone answers for BetPawa: %d, want 404", got)
	}
	if app.Addr("sportybet") != nil {
		t.Error("SportyBet has an address of its own, none was configured")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(app.World().Events()) == 0 {
		t.Error("the world has no events")
	}
	client.CloseIdleConnections()
}

func TestNewClosesWhatItOpened(t *testing.T) {
	t.Parallel()
	cfg := bookiesim.Config{
		Listen: "127.0.0.1:0", Bet9jaListen: "nowhere", Profile: "default", Density: "small", Shape: "v4",
		Horizon: 120 * time.Hour, Tick: time.Minute,
	}
	if app, err := bookiesim.New(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("New listens nowhere", app.Close())
	}
	cfg.Bet9jaListen, cfg.Tick = "", 0
	if app, err := bookiesim.New(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("New takes a tick of 0", app.Close())
	}
}
