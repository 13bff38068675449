package cycle

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// failedShare is the share of a bookmaker's details that may fail or be refused before the cycle is PARTIAL because of
// it: a few time-outs among a thousand answers are normal.
const failedShare = 0.05

// tally counts what the bookmakers contributed to a cycle.
type tally struct {
	mu      sync.Mutex
	results map[odds.Bookmaker]*store.BookmakerResult
	refused map[odds.Bookmaker]odds.Refusals
	lost    map[odds.Bookmaker]odds.Refusals // whole details and snapshots, among refused
	took    map[odds.Bookmaker][]time.Duration
	doubts  map[doubtKey]map[string]store.DoubtedEvent // by sr_id

	marketsChanged int64
	phases         Phases
}

func newTally() *tally {
	t := &tally{
		results: make(map[odds.Bookmaker]*store.BookmakerResult), refused: make(map[odds.Bookmaker]odds.Refusals),
		lost: make(map[odds.Bookmaker]odds.Refusals), took: make(map[odds.Bookmaker][]time.Duration),
		doubts: make(map[doubtKey]map[string]store.DoubtedEvent),
	}
	for _, b := range odds.Bookmakers() {
		t.results[b] = &store.BookmakerResult{Bookmaker: b}
		t.refused[b], t.lost[b] = make(odds.Refusals), make(odds.Refusals)
	}
	return t
}

// discovered counts a bookmaker's discovery.
func (t *tally) discovered(b odds.Bookmaker, d bookmaker.Discovery, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.results[b]
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
	t.refused[b].Add(d.Refusals)
}

// vanished counts tournaments that are missing from the list of them.
func (t *tally) vanished(b odds.Bookmaker, tournaments int) {
	if tournaments == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused[b][odds.ShortList] += tournaments
}

// skipped counts an event that went without b.
func (t *tally) skipped(b odds.Bookmaker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.results[b].Skipped++
}

// fetched counts the answer to one detail request: asked = fetched + blocked + failed + details refused.
func (t *tally) fetched(b odds.Bookmaker, d bookmaker.Detail, took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.results[b]
	r.Asked++
	var refused *odds.Refused
	switch {
	case err == nil:
		r.Fetched++
		t.took[b] = append(t.took[b], took)
		t.refused[b].Add(d.Refusals)
		if n := d.Refusals[odds.NoPrices]; n > 0 {
			t.lost[b][odds.NoPrices] += n
		}
	case errors.Is(err, bookmaker.ErrPushedBack):
		r.Blocked++
	case errors.As(err, &refused):
		r.DetailsRefused++
		t.lost[b][refused.Reason]++
	default:
		r.Failed++
	}
	if errors.As(err, &refused) { // a page instead of JSON is both: turned away, and no snapshot
		t.refused[b][refused.Reason]++
	}
}

// refusedSnapshot counts a snapshot that was fetched and is not handed to the store.
func (t *tally) refusedSnapshot(b odds.Bookmaker, reason odds.Reason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.results[b].SnapshotsRefused++
	t.refused[b][reason]++
	t.lost[b][reason]++
}

// stored counts a committed batch: of a cycle that stored all it fetched, fetched = changed + confirmed + snapshots
// refused.
func (t *tally) stored(result store.BatchResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for b, r := range t.results {
		r.Changed += int64(result.Changed[b])
		r.Confirmed += int64(result.Confirmed[b])
		r.Withdrawn += int64(result.Withdrawn[b])
		r.SnapshotsRefused += int64(result.SnapshotsRefused[b].Total())
		t.lost[b].Add(result.SnapshotsRefused[b])
		t.refused[b].Add(result.Refused[b])
	}
	t.marketsChanged += int64(result.MarketsChanged)
	t.phases = t.phases.plus(PhasesOf(result))
}

// bookmakers returns the results in the order of the bookmakers' names, complete with refusals and latencies.
func (t *tally) bookmakers(only []odds.Bookmaker) []store.BookmakerResult {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []store.BookmakerResult
	for _, b := range only {
		r := *t.results[b]
		r.Refusals = make(odds.Refusals, len(t.refused[b]))
		r.Refusals.Add(t.refused[b])
		r.Lost = make(odds.Refusals, len(t.lost[b]))
		r.Lost.Add(t.lost[b])
		r.LatencyP50MS, r.LatencyP95MS = percentiles(t.took[b])
		r.Doubts = t.doubtsOf(b)
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
func (t *tally) markets() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.marketsChanged
}

// storage is where the time of storing went.
func (t *tally) storage() Phases {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phases
}
