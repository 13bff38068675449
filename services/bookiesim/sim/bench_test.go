package sim_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// BenchmarkDetail is what one detail costs: moving is the usual case, in which a few markets moved since the last
// one; still is one that did not change.
func BenchmarkDetail(b *testing.B) {
	for _, bookmaker := range sim.Bookmakers() {
		for _, mode := range []string{"moving", "still", "plain"} {
			b.Run(bookmaker+"/"+mode, func(b *testing.B) {
				w, _ := newWorld(b, small())
				e := footballOn(b, w, sim.Bookmakers()...)
				handler := w.Handler(bookmaker)
				r := httptest.NewRequest(http.MethodGet, detailPath(bookmaker, e.Listings[bookmaker].EventID), nil)
				if mode != "plain" {
					r.Header.Set("Accept-Encoding", "gzip")
				}
				size := 0
				for b.Loop() {
					if mode != "still" {
						must(b, w.MoveMarket(bookmaker, e.SrID, "3743"))
					}
					rec := httptest.NewRecorder()
					handler.ServeHTTP(rec, r)
					size = rec.Body.Len()
				}
				b.ReportMetric(float64(size), "bytes")
			})
		}
	}
}

// BenchmarkFirstLook is what pricing one event for the first time costs, at all three bookmakers together.
func BenchmarkFirstLook(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w, _ := newWorld(b, small())
		e := footballOn(b, w, sim.Bookmakers()...)
		b.StartTimer()
		if _, err := w.Markets(sim.BetPawa, e.SrID); err != nil {
			b.Fatal(err)
		}
	}
}
