package cycle

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// failedShare is the share of a bookmaker's details that may fail or be refused before the cycle is PARTIAL because of
// it: a few time-outs among a thousand answers are normal.
const failedShare = 0.05

// stats counts what the bookmakers contributed to a cycle.
type stats struct {
	mu       sync.Mutex
	results  map[odds.Bookmaker]*store.BookmakerResult
	rejected map[odds.Bookmaker]odds.Rejections
	lost     map[odds.Bookmaker]odds.Rejections // whole details and snapshots, among rejected
	took     map[odds.Bookmaker][]time.Duration
	findings map[findingKey]map[string]store.FindingEvent // by sr_id

	marketsChanged int64
	phases         Phases
}

func newStats() *stats {
	s := &stats{
		results: make(map[odds.Bookmaker]*store.BookmakerResult), rejected: make(map[odds.Bookmaker]odds.Rejections),
		lost: make(map[odds.Bookmaker]odds.Rejections), took: make(map[odds.Bookmaker][]time.Duration),
		findings: make(map[findingKey]map[string]store.FindingEvent),
	}
	for _, b := range registry.Names() {
		s.results[b] = &store.BookmakerResult{Bookmaker: b}
		s.rejected[b], s.lost[b] = make(odds.Rejections), make(odds.Rejections)
	}
	return s
}

// discovered counts a bookmaker's discovery.
func (s *stats) discovered(b odds.Bookmaker, d bookmaker.Discovery, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.results[b]
	r.Listed = int64(len(d.Listings))
	r.Tournaments = int64(len(d.Tournaments))
	r.Blocked += int64(d.Blocked)
	for _, tournament := range d.Tournaments {
		if tournament.Err != nil {
			r.TournamentsFailed++
		}
	}
	if err != nil {
		r.DiscoveryError = err.Error()
	}
	s.rejected[b].Add(d.Rejections)
}

// vanished counts tournaments that are missing from the list of them.
func (s *stats) vanished(b odds.Bookmaker, tournaments int) {
	if tournaments == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rejected[b][odds.ShortList] += tournaments
}

// skipped counts an event that went without b.
func (s *stats) skipped(b odds.Bookmaker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results[b].Skipped++
}

// fetched counts the answer to one detail request: asked = fetched + blocked + failed + details refused.
func (s *stats) fetched(b odds.Bookmaker, d bookmaker.Detail, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.results[b]
	r.Requested++
	var rejected *odds.Rejected
	switch {
	case err == nil:
		r.Fetched++
		s.took[b] = append(s.took[b], took)
		s.rejected[b].Add(d.Rejections)
		if n := d.Rejections[odds.NoPrices]; n > 0 {
			s.lost[b][odds.NoPrices] += n
		}
	case errors.Is(err, bookmaker.ErrThrottled):
		r.Blocked++
	case errors.As(err, &rejected):
		r.DetailsRejected++
		s.lost[b][rejected.Reason]++
	default:
		r.Failed++
	}
	if errors.As(err, &rejected) { // a page instead of JSON is both: turned away, and no snapshot
		s.rejected[b][rejected.Reason]++
	}
}

// rejectedSnapshot counts a snapshot that was fetched and is not handed to the store.
func (s *stats) rejectedSnapshot(b odds.Bookmaker, reason odds.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results[b].SnapshotsRejected++
	s.rejected[b][reason]++
	s.lost[b][reason]++
}

// stored counts a committed batch: of a cycle that stored all it fetched, fetched = changed + confirmed + snapshots
// refused.
func (s *stats) stored(result store.BatchResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for b, r := range s.results {
		r.Changed += int64(result.Changed[b])
		r.Confirmed += int64(result.Confirmed[b])
		r.Withdrawn += int64(result.Withdrawn[b])
		r.SnapshotsRejected += int64(result.SnapshotsRejected[b].Total())
		s.lost[b].Add(result.SnapshotsRejected[b])
		s.rejected[b].Add(result.Rejected[b])
	}
	s.marketsChanged += int64(result.MarketsChanged)
	s.phases = s.phases.plus(PhasesOf(result))
}

// bookmakers returns the results in the order of the bookmakers' names, complete with refusals and latencies.
func (s *stats) bookmakers(only []odds.Bookmaker) []store.BookmakerResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []store.BookmakerResult
	for _, b := range only {
		r := *s.results[b]
		r.Rejections = make(odds.Rejections, len(s.rejected[b]))
		r.Rejections.Add(s.rejected[b])
		r.Lost = make(odds.Rejections, len(s.lost[b]))
		r.Lost.Add(s.lost[b])
		r.LatencyP50MS, r.LatencyP95MS = percentiles(s.took[b])
		r.Findings = s.findingsOf(b)
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b store.BookmakerResult) int { return cmp.Compare(a.Bookmaker, b.Bookmaker) })
	return all
}

// percentiles are the median and the 95th percentile in milliseconds; zero without values.
func percentiles(took []time.Duration) (p50, p95 float64) {
	if len(took) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return milliseconds(sorted[len(sorted)/2]), milliseconds(sorted[len(sorted)*95/100])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// markets is how many markets have changed.
func (s *stats) markets() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marketsChanged
}

// storage is where the time of storing went.
func (s *stats) storage() Phases {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phases
}
