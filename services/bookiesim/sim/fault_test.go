package sim_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
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
		fault sim.Fault
		check func(t *testing.T, rec *httptest.ResponseRecorder, requested string)
	}{
		{sim.Fault{Kind: sim.ServerError}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			if rec.Code != http.StatusServiceUnavailable {
				t.Errorf("status %d", rec.Code)
			}
		}},
		{sim.Fault{Kind: sim.ServerError, Status: 500}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			if rec.Code != http.StatusInternalServerError {
				t.Errorf("status %d", rec.Code)
			}
		}},
		{sim.Fault{Kind: sim.HTML}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			if rec.Code != http.StatusOK || json.Valid(rec.Body.Bytes()) || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
				t.Errorf("status %d, %s", rec.Code, rec.Body)
			}
		}},
		{sim.Fault{Kind: sim.Empty}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			if rec.Code != http.StatusAccepted || rec.Body.Len() != 0 {
				t.Errorf("status %d, %d bytes", rec.Code, rec.Body.Len())
			}
		}},
		{sim.Fault{Kind: sim.TruncatedGzip}, func(t *testing.T, rec *httptest.ResponseRecorder, _ string) {
			t.Helper()
			z, err := gzip.NewReader(rec.Body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(z); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("reading all of it: %v", err)
			}
		}},
		{sim.Fault{Kind: sim.WrongEvent}, func(t *testing.T, rec *httptest.ResponseRecorder, requested string) {
			t.Helper()
			if rec.Code != http.StatusOK || !json.Valid(rec.Body.Bytes()) || strings.Contains(rec.Body.String(), requested) {
				t.Errorf("status %d about the event asked for", rec.Code)
			}
		}},
	}
	for _, tt := range tests {
		for _, bookmaker := range sim.Bookmakers() {
			t.Run(string(tt.fault.Kind)+"/"+bookmaker, func(t *testing.T) {
				t.Parallel()
				w, _ := newWorld(t, small())
				e := footballOn(t, w, sim.Bookmakers()...)
				fault := tt.fault
				fault.Bookmaker = bookmaker
				w.SetFaults(fault)
				id := e.Listings[bookmaker].EventID
				tt.check(t, detail(t, w, bookmaker, id), id)
				if n := w.Counters()[bookmaker].Faulted; n != 1 {
					t.Errorf("%d faults counted, want 1", n)
				}
				for _, other := range sim.Bookmakers() {
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
	for _, kind := range []sim.FaultKind{sim.Reset, sim.Down} {
		w.SetFaults(sim.Fault{Bookmaker: sim.SportyBet, Kind: kind})
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
	cfg := sim.DefaultConfig()
	cfg.Density = sim.Small
	w, _ := newWorld(t, cfg)
	failing := func() map[string]bool {
		failed := map[string]bool{}
		for _, e := range w.Events() {
			if own, ok := e.Listings[sim.Bet9ja]; ok {
				failed[own.EventID] = !known(t, w, sim.Bet9ja, own.EventID)
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
	w.SetFaults(sim.Fault{Bookmaker: sim.Bet9ja, Kind: sim.ServerError, Share: 0.3, Scope: sim.Details})
	first, second := failing(), failing()
	if n := count(first); n < 70 || n > 120 {
		t.Errorf("%d of %d fail, want 30 %%", n, len(first))
	}
	for id := range first {
		if first[id] != second[id] {
			t.Fatalf("event %s fails once and answers once", id)
		}
	}
	w.SetFaults(sim.Fault{Bookmaker: sim.Bet9ja, Kind: sim.ServerError, Share: 0.3, PerRequest: true})
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
	w, _ := newWorld(t, sim.DefaultConfig())
	w.SetFaults(sim.Fault{Kind: sim.HalfDiscovery})
	failed := map[string]int{}
	for i := range 40 {
		id := itoa(int64(11_900 + 3*i))
		if send(t, w, sim.BetPawa, http.MethodGet, pawaQuery("v4", id, 0, 100), "").Code != http.StatusOK {
			failed[sim.BetPawa]++
		}
		body := `[{"sportId":"sr:sport:1","marketId":"1","tournamentId":[["sr:tournament:` + id + `"]]}]`
		if send(t, w, sim.SportyBet, http.MethodPost, "/api/ng/factsCenter/pcEvents", body).Code != http.StatusOK {
			failed[sim.SportyBet]++
		}
		if send(t, w, sim.Bet9ja, http.MethodGet, "/desktop/feapi/PalimpsestAjax/GetEventsInGroupV2?GROUPID="+id, "").Code != http.StatusOK {
			failed[sim.Bet9ja]++
		}
	}
	for _, bookmaker := range sim.Bookmakers() {
		if n := failed[bookmaker]; n < 10 || n > 30 {
			t.Errorf("%s: %d of 40 lists fail, want about half", bookmaker, n)
		}
	}
	e := footballOn(t, w, sim.BetPawa)
	if !known(t, w, sim.BetPawa, e.Listings[sim.BetPawa].EventID) {
		t.Error("details fail too")
	}
}
