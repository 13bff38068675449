package bookiesim_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim"
)

// unpack is the body of a compressed answer.
func unpack(t testing.TB, rec *httptest.ResponseRecorder) []byte {
	t.Helper()
	if rec.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("the answer is not compressed: %v", rec.Header())
	}
	z, err := gzip.NewReader(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFaultsOfAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault bookiesim.Fault
		check func(t *testing.T, rec *httptest.ResponseRecorder, asked string)
	}{
		{bookiesim.Fault{Kind: bookiesim.ServerError}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			if rec.Code != http.StatusServiceUnavailable {
				t.Errorf("status %d", rec.Code)
			}
		}},
		{bookiesim.Fault{Kind: bookiesim.ServerError, Status: 500}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			if rec.Code != http.StatusInternalServerError {
				t.Errorf("status %d", rec.Code)
			}
		}},
		{bookiesim.Fault{Kind: bookiesim.HTML}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			if rec.Code != http.StatusOK || json.Valid(rec.Body.Bytes()) || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
				t.Errorf("status %d, %s", rec.Code, rec.Body)
			}
		}},
		{bookiesim.Fault{Kind: bookiesim.Empty}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			if rec.Code != http.StatusAccepted || rec.Body.Len() != 0 {
				t.Errorf("status %d, %d bytes", rec.Code, rec.Body.Len())
			}
		}},
		{bookiesim.Fault{Kind: bookiesim.TruncatedGzip}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			z, err := gzip.NewReader(rec.Body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(z); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("reading all of it: %v", err)
			}
		}},
		{bookiesim.Fault{Kind: bookiesim.WrongEvent}, func(t *testing.T, rec *httptest.ResponseRecorder, asked string) {
			t.Helper()
			if rec.Code != http.StatusOK || !json.Valid(rec.Body.Bytes()) || strings.Contains(rec.Body.String(), asked) {
				t.Errorf("status %d about the event asked for", rec.Code)
			}
		}},
	}
	for _, tt := range tests {
		for _, bookmaker := range bookiesim.Bookmakers() {
			t.Run(string(tt.fault.Kind)+"/"+bookmaker, func(t *testing.T) {
				t.Parallel()
				w, _ := newWorld(t, small())
				e := footballOn(t, w, bookiesim.Bookmakers()...)
				fault := tt.fault
				fault.Bookmaker = bookmaker
				w.SetFaults(fault)
				id := e.Listings[bookmaker].EventID
				tt.check(t, detail(t, w, bookmaker, id), id)
				if n := w.Counters()[bookmaker].Faulted; n != 1 {
					t.Errorf("%d faults counted, want 1", n)
				}
				for _, other := range bookiesim.Bookmakers() {
					if other != bookmaker && !known(t, w, other, e.Listings[other].EventID) {
						t.Errorf("%s fails too", other)
					}
				}
				w.SetFaults()
				if !known(t, w, bookmaker, id) {
					t.Error("the fault stays")
				}
			})
		}
	}
}

func TestConnectionsAreBrokenOff(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	server := httptest.NewServer(w.Combined())
	t.Cleanup(server.Close)
	client := server.Client()
	for _, kind := range []bookiesim.FaultKind{bookiesim.Reset, bookiesim.Down} {
		w.SetFaults(bookiesim.Fault{Bookmaker: bookiesim.SportyBet, Kind: kind})
		if resp, err := client.Get(server.URL + "/api/ng/factsCenter/popularAndSportList"); err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s: status %d, want no answer", kind, resp.StatusCode)
		}
		resp, err := client.Get(server.URL + "/desktop/feapi/PalimpsestAjax/GetSports")
		if err != nil {
			t.Fatalf("%s: the others fail too: %v", kind, err)
		}
		_ = resp.Body.Close()
	}
	client.CloseIdleConnections()
}

func TestSharesOfFaultsAreDeterministic(t *testing.T) {
	t.Parallel()
	cfg := bookiesim.DefaultConfig()
	cfg.Density = bookiesim.Small
	w, _ := newWorld(t, cfg)
	failing := func() map[string]bool {
		failed := map[string]bool{}
		for _, e := range w.Events() {
			if own, ok := e.Listings[bookiesim.Bet9ja]; ok {
				failed[own.EventID] = !known(t, w, bookiesim.Bet9ja, own.EventID)
			}
		}
		return failed
	}
	count := func(failed map[string]bool) (n int) {
		for _, f := range failed {
			if f {
				n++
			}
		}
		return n
	}
	w.SetFaults(bookiesim.Fault{Bookmaker: bookiesim.Bet9ja, Kind: bookiesim.ServerError, Share: 0.3, Scope: bookiesim.Details})
	first, second := failing(), failing()
	if n := count(first); n < 70 || n > 120 {
		t.Errorf("%d of %d fail, want 30 %%", n, len(first))
	}
	for id := range first {
		if first[id] != second[id] {
			t.Fatalf("event %s fails once and answers once", id)
		}
	}
	w.SetFaults(bookiesim.Fault{Bookmaker: bookiesim.Bet9ja, Kind: bookiesim.ServerError, Share: 0.3, PerRequest: true})
	first, second = failing(), failing()
	changed := 0
	for id := range first {
		if first[id] != second[id] {
			changed++
		}
	}
	if n := count(first); n < 70 || n > 120 || changed < 50 {
		t.Errorf("%d fail, %d differently the second time", n, changed)
	}
}

func TestHalfDiscovery(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, bookiesim.DefaultConfig())
	w.SetFaults(bookiesim.Fault{Kind: bookiesim.HalfDiscovery})
	failed := map[string]int{}
	for i := range 40 {
		id := itoa(int64(11_900 + 3*i))
		if ask(t, w, bookiesim.BetPawa, http.MethodGet, pawaQuery("v4", id, 0, 100), "").Code != http.StatusOK {
			failed[bookiesim.BetPawa]++
		}
		body := `[{"sportId":"sr:sport:1","marketId":"1","tournamentId":[["sr:tournament:` + id + `"]]}]`
		if ask(t, w, bookiesim.SportyBet, http.MethodPost, "/api/ng/factsCenter/pcEvents", body).Code != http.StatusOK {
			failed[bookiesim.SportyBet]++
		}
		if ask(t, w, bookiesim.Bet9ja, http.MethodGet, "/desktop/feapi/PalimpsestAjax/GetEventsInGroupV2?GROUPID="+id, "").Code != http.StatusOK {
			failed[bookiesim.Bet9ja]++
		}
	}
	for _, bookmaker := range bookiesim.Bookmakers() {
		if n := failed[bookmaker]; n < 10 || n > 30 {
			t.Errorf("%s: %d of 40 lists fail, want about half", bookmaker, n)
		}
	}
	e := footballOn(t, w, bookiesim.BetPawa)
	if !known(t, w, bookiesim.BetPawa, e.Listings[bookiesim.BetPawa].EventID) {
		t.Error("details fail too")
	}
}

func TestLimitsTurnRequestsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := small()
		second := bookiesim.Latency{Mean: time.Second}
		cfg.Latency = [3]bookiesim.Latency{second, second, second}
		cfg.Limits = [3]bookiesim.Limit{{Concurrency: 5}, {Concurrency: 5, Status: 418}, {Concurrency: 5}}
		w, _ := newWorld(t, cfg)
		e := footballOn(t, w, bookiesim.Bookmakers()...)
		for bookmaker, want := range map[string]int{bookiesim.BetPawa: 429, bookiesim.SportyBet: 418, bookiesim.Bet9ja: 403} {
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
		if c := w.Counters()[bookiesim.BetPawa]; c != (bookiesim.Counters{}) {
			t.Errorf("counters %+v after a reset", c)
		}
	})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newWorld(t, small())
		w.SetLimit(bookiesim.Bet9ja, bookiesim.Limit{PerSecond: 40})
		e := footballOn(t, w, bookiesim.Bet9ja)
		for i := range 100 { // one each 25 ms is exactly 40 a second
			if rec := detail(t, w, bookiesim.Bet9ja, e.Listings[bookiesim.Bet9ja].EventID); rec.Code != http.StatusOK {
				t.Fatalf("request %d: %d", i, rec.Code)
			}
			<-time.After(25 * time.Millisecond)
		}
		rejected := 0
		for range 20 {
			if detail(t, w, bookiesim.Bet9ja, e.Listings[bookiesim.Bet9ja].EventID).Code == http.StatusForbidden {
				rejected++
			}
		}
		if n := w.Counters()[bookiesim.Bet9ja].Rejected; rejected < 18 || n != int64(rejected) {
			t.Errorf("%d of a burst rejected, %d counted", rejected, n)
		}
	})
}

func TestSlowAnswersEndWithTheirReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := newWorld(t, small())
		e := footballOn(t, w, bookiesim.BetPawa)
		path := detailPath(bookiesim.BetPawa, e.Listings[bookiesim.BetPawa].EventID)
		w.SetFaults(bookiesim.Fault{Kind: bookiesim.Slow, Delay: time.Minute})
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		rec := httptest.NewRecorder()
		w.Handler(bookiesim.BetPawa).ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		if took := time.Since(begin); took != 2*time.Second || rec.Body.Len() != 0 || w.Counters()[bookiesim.BetPawa].Abandoned != 1 {
			t.Errorf("given up after %s with %d bytes", took, rec.Body.Len())
		}
		detail(t, w, bookiesim.BetPawa, e.Listings[bookiesim.BetPawa].EventID)
		if took := time.Since(begin); took != 62*time.Second {
			t.Errorf("the slow answer came after %s", took-2*time.Second)
		}
	})
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, small())
	w.SetFaults(bookiesim.Fault{Bookmaker: bookiesim.Bet9ja, Kind: bookiesim.Slow, Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- bookiesim.ServeHandler(ctx, listener, w.Combined()) }() // ends with ctx
	client := &http.Client{Transport: &http.Transport{}}
	resp, err := client.Get("http://" + listener.Addr().String() + "/_sim/state")
	must(t, err)
	var state bookiesim.State
	must(t, json.NewDecoder(resp.Body).Decode(&state))
	_ = resp.Body.Close()
	if state.Events != 24 || state.Faults[0].Kind != bookiesim.Slow {
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
	for w.Counters()[bookiesim.Bet9ja].InFlight == 0 {
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
