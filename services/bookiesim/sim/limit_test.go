package sim_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestLimitsTurnRequestsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := small()
		second := sim.Latency{Mean: time.Second}
		cfg.Latency = [3]sim.Latency{second, second, second}
		cfg.Limits = [3]sim.Limit{{Concurrency: 5}, {Concurrency: 5, Status: 418}, {Concurrency: 5}}
		w, _ := newWorld(t, cfg)
		e := footballOn(t, w, sim.Bookmakers()...)
		for bookmaker, want := range map[string]int{sim.BetPawa: 429, sim.SportyBet: 418, sim.Bet9ja: 403} {
			var wg sync.WaitGroup
			codes := make(chan int, 8)
			for range 8 {
				wg.Go(func() { codes <- detail(t, w, bookmaker, e.Listings[bookmaker].EventID).Code })
			}
			wg.Wait()
			close(codes)
			got := map[int]int{}
			for code := range codes {
				got[code]++
			}
			c := w.Counters()[bookmaker]
			if got[200] != 5 || got[want] != 3 || c.Rejected != 3 || c.MaxInFlight < 6 || c.InFlight != 0 || c.Details != 8 {
				t.Errorf("%s: answers %v, counters %+v", bookmaker, got, c)
			}
		}
		w.ResetCounters()
		if c := w.Counters()[sim.BetPawa]; c != (sim.Counters{}) {
			t.Errorf("counters %+v after a reset", c)
		}
	})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newWorld(t, small())
		w.SetLimit(sim.Bet9ja, sim.Limit{PerSecond: 40})
		e := footballOn(t, w, sim.Bet9ja)
		for i := range 100 { // one each 25 ms is exactly 40 a second
			if rec := detail(t, w, sim.Bet9ja, e.Listings[sim.Bet9ja].EventID); rec.Code != http.StatusOK {
				t.Fatalf("request %d: %d", i, rec.Code)
			}
			<-time.After(25 * time.Millisecond)
		}
		rejected := 0
		for range 20 {
			if detail(t, w, sim.Bet9ja, e.Listings[sim.Bet9ja].EventID).Code == http.StatusForbidden {
				rejected++
			}
		}
		if n := w.Counters()[sim.Bet9ja].Rejected; rejected < 18 || n != int64(rejected) {
			t.Errorf("%d of a burst rejected, %d counted", rejected, n)
		}
	})
}

func TestSlowAnswersEndWithTheirReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newWorld(t, small())
		e := footballOn(t, w, sim.BetPawa)
		path := detailPath(sim.BetPawa, e.Listings[sim.BetPawa].EventID)
		w.SetFaults(sim.Fault{Kind: sim.Slow, Delay: time.Minute})
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		rec := httptest.NewRecorder()
		w.Handler(sim.BetPawa).ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		if took := time.Since(begin); took != 2*time.Second || rec.Body.Len() != 0 || w.Counters()[sim.BetPawa].Abandoned != 1 {
			t.Errorf("given up after %s with %d bytes", took, rec.Body.Len())
		}
		detail(t, w, sim.BetPawa, e.Listings[sim.BetPawa].EventID)
		if took := time.Since(begin); took != 62*time.Second {
			t.Errorf("the slow answer came after %s", took-2*time.Second)
		}
	})
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	w.SetFaults(sim.Fault{Bookmaker: sim.Bet9ja, Kind: sim.Slow, Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- sim.ServeHandler(ctx, listener, w.Combined()) }() // ends with ctx
	client := &http.Client{Transport: &http.Transport{}}
	resp, err := client.Get("http://" + listener.Addr().String() + "/_sim/state")
	must(t, err)
	var state sim.State
	must(t, json.NewDecoder(resp.Body).Decode(&state))
	_ = resp.Body.Close()
	if state.Events != 24 || state.Faults[0].Kind != sim.Slow {
		t.Errorf("state %+v", state)
	}
	hung := make(chan error, 1)
	go func() { // ends when the server gives the slow answer up
		resp, err := client.Get("http://" + listener.Addr().String() + "/desktop/feapi/PalimpsestAjax/GetSports")
		if err == nil {
			_ = resp.Body.Close()
		}
		hung <- err
	}()
	for w.Counters()[sim.Bet9ja].InFlight == 0 {
		select {
		case err := <-done:
			t.Fatalf("ended too early: %v", err)
		default:
		}
	}
	cancel()
	must(t, <-done)
	<-hung
	client.CloseIdleConnections()
}
