package fetch

import (
	"maps"
	"math"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Stats is an Observer that sums attempts up by bookmaker, for instance over a cycle. The zero value is ready.
type Stats struct {
	mu   sync.Mutex // guards sums
	sums map[odds.Bookmaker]*sum
}

// Totals is what a Stats counted at one bookmaker.
type Totals struct {
	Attempts int
	Retries  int // attempts that were not the first of their request
	Results  map[Result]int
	Bytes    int64
	Latency  time.Duration // of all answered attempts together
	// P50 and P95 are of the latency of answered attempts, right to 5 %; 0 without any.
	P50, P95 time.Duration
}

// sum is Totals in the making.
type sum struct {
	totals  Totals
	latency histogram
}

// Observed counts the attempt.
func (s *Stats) Observed(a Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sums == nil {
		s.sums = make(map[odds.Bookmaker]*sum)
	}
	of := s.sums[a.Bookmaker]
	if of == nil {
		of = &sum{totals: Totals{Results: make(map[Result]int)}}
		s.sums[a.Bookmaker] = of
	}
	of.totals.Attempts++
	of.totals.Results[a.Result]++
	of.totals.Bytes += int64(a.Bytes)
	if a.Retry > 0 {
		of.totals.Retries++
	}
	if a.Result == Answered {
		of.totals.Latency += a.Latency
		of.latency.add(a.Latency)
	}
}

// Totals is the count so far.
func (s *Stats) Totals() map[odds.Bookmaker]Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[odds.Bookmaker]Totals, len(s.sums))
	for b, of := range s.sums {
		totals := of.totals
		totals.Results = maps.Clone(totals.Results)
		totals.P50, totals.P95 = of.latency.quantile(0.50), of.latency.quantile(0.95)
		all[b] = totals
	}
	return all
}

// histogram counts durations in buckets that grow by 5 %, from 100 µs to more than an hour.
type histogram struct {
	buckets [360]int
	n       int
}

// The first bucket's upper bound, and how much wider each further one reaches.
const (
	histogramFrom   = 100 * time.Microsecond
	histogramGrowth = 1.05
)

// add counts d in the first bucket whose upper bound is not below it.
func (h *histogram) add(d time.Duration) {
	i := 0
	if d > histogramFrom {
		i = int(math.Ceil(math.Log(float64(d)/float64(histogramFrom)) / math.Log(histogramGrowth)))
	}
	h.buckets[min(i, len(h.buckets)-1)]++
	h.n++
}

// quantile is the upper bound of the bucket that q falls into.
func (h *histogram) quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := max(1, int(math.Ceil(q*float64(h.n))))
	for i, n := range h.buckets {
		if rank -= n; rank <= 0 {
			return time.Duration(float64(histogramFrom) * math.Pow(histogramGrowth, float64(i)))
		}
	}
	return time.Duration(math.MaxInt64)
}
