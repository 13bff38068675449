package cycle

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/fetch"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Instruments are what operators see of cycles. New gives an engine some that discard everything.
type Instruments struct {
	Observer Observer
	// Calls counts all requests to bookmakers. Nil, and cycles have no bound.
	Calls *fetch.Stats
	// Limits are those of the limiters.
	Limits map[odds.Bookmaker]limit.Config
}

// Observer is notified of what cycles do. Its methods are called by several goroutines and must not block.
type Observer interface {
	// CycleBegan is called when a cycle is in the database as running.
	CycleBegan(at time.Time)
	// CycleSkipped is called when the interval's cycle is left out because the one before still runs.
	CycleSkipped()
	// BatchStored is called for each committed batch, a refresh's included.
	BatchStored(result store.BatchResult)
	// BatchRetried is called when the database did not take a batch and it is tried again.
	BatchRetried()
	// BatchVisible is called when all live replicas show a batch, with the time since its commit.
	BatchVisible(took time.Duration)
	// CycleEnded is called when a cycle's end was committed.
	CycleEnded(s Summary)
}

// Summary is a cycle that has ended, with what the database does not keep of it.
type Summary struct {
	store.Cycle
	// Bound is the least time in which all requests of the cycle could have been made; 0 when unknown.
	Bound   time.Duration
	Batches int
	Absent  int    // events of which all markets were marked as unavailable
	Storage Phases // over all batches
	// Short are the bookmakers that did not deliver what they should.
	Short map[odds.Bookmaker]bool
}

// Phases is where the time of storing went.
type Phases struct{ Lookups, Processing, Flush, Commit time.Duration }

// PhasesOf are a batch's.
func PhasesOf(r store.BatchResult) Phases {
	of := func(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
	return Phases{Lookups: of(r.LookupsMS), Processing: of(r.ProcessingMS), Flush: of(r.FlushMS), Commit: of(r.CommitMS)}
}

// plus adds others.
func (p Phases) plus(o Phases) Phases {
	return Phases{p.Lookups + o.Lookups, p.Processing + o.Processing, p.Flush + o.Flush, p.Commit + o.Commit}
}

// total is the time of all phases.
func (p Phases) total() time.Duration { return p.Lookups + p.Processing + p.Flush + p.Commit }

// calls is what was counted of requests so far.
func (i Instruments) calls() map[odds.Bookmaker]fetch.Totals {
	if i.Calls == nil {
		return nil
	}
	return i.Calls.Totals()
}

// bound is the least time for the calls made since before: that of the bookmaker which takes longest. One takes its
// calls times what each costs, a slot's share of the mean latency or the spacing.
func (i Instruments) bound(before map[odds.Bookmaker]fetch.Totals) time.Duration {
	least := time.Duration(0)
	for b, now := range i.calls() {
		was, limits := before[b], i.Limits[b]
		answered := now.Results[fetch.Answered] - was.Results[fetch.Answered]
		if answered == 0 || limits.Slots == 0 {
			continue
		}
		mean := (now.Latency - was.Latency) / time.Duration(answered)
		calls := (now.Attempts - now.Retries) - (was.Attempts - was.Retries)
		least = max(least, time.Duration(calls)*max(mean/time.Duration(limits.Slots), limits.Spacing))
	}
	return least
}

// discardObserver is the observer of an engine that nobody observes.
type discardObserver struct{}

// CycleBegan does nothing, as all of them do.
func (discardObserver) CycleBegan(time.Time) {}

// CycleSkipped does nothing.
func (discardObserver) CycleSkipped() {}

// BatchStored does nothing.
func (discardObserver) BatchStored(store.BatchResult) {}

// BatchRetried does nothing.
func (discardObserver) BatchRetried() {}

// BatchVisible does nothing.
func (discardObserver) BatchVisible(time.Duration) {}

// CycleEnded does nothing.
func (discardObserver) CycleEnded(Summary) {}
