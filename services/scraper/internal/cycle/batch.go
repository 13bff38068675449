package cycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oddscache/oddscache/pkg/obs/spans"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle/review"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// storeTries is how often a batch is tried before the cycle fails; the database may restart in between.
const storeTries = 5

// visibleTimeout bounds the wait for replicas that acknowledge but stay behind.
const visibleTimeout = 3 * time.Second

// fetchAndStore fetches and stores at the same time. At most two batches of events are fetched and not stored yet;
// fetching waits while storing is slower.
func (r *run) fetchAndStore(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	ready := make(chan review.Result, 2*r.cfg.BatchEvents)
	var fetching sync.WaitGroup
	fetching.Go(func() { r.fetchAll(ctx, ready) })
	defer fetching.Wait()
	defer cancel()
	for {
		batch, more := r.gather(ctx, ready)
		if len(batch.Events) > 0 {
			if err := r.store(ctx, batch); err != nil {
				return err
			}
		}
		if !more {
			return context.Cause(ctx)
		}
	}
}

// gather takes what is ready: until there are enough events or the first has waited long enough. It reports false
// when nothing will follow.
func (r *run) gather(ctx context.Context, ready <-chan review.Result) (store.Batch, bool) {
	batch := store.Batch{CycleID: r.handle.CycleID}
	var age <-chan time.Time
	for len(batch.Events) < r.cfg.BatchEvents {
		select {
		case f, open := <-ready:
			if !open {
				return batch, false
			}
			batch.Events = append(batch.Events, f.Event)
			batch.Prepared = append(batch.Prepared, f.Prepared...)
			batch.Missing = append(batch.Missing, f.Withdrawn...)
			if age == nil {
				age = time.After(r.cfg.BatchAge)
			}
		case <-age:
			return batch, true
		case <-ctx.Done():
			return store.Batch{}, false
		}
	}
	return batch, true
}

// store commits a batch, trying again when the database did not take it.
func (r *run) store(ctx context.Context, batch store.Batch) (err error) {
	r.batches++
	number, wait := r.batches, 100*time.Millisecond
	ctx, span := startSpan(ctx, "batch", spans.CycleID.String(r.handle.CycleID), spans.Batch.Int(number))
	defer func() { endSpan(span, err) }()
	for try := 1; ; try++ {
		result, err := r.writer.Apply(ctx, batch)
		if err == nil {
			r.stored(ctx, number, result)
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, lease.ErrNotWriter) || try == storeTries {
			return fmt.Errorf("storing batch %d of %d events: %w", number, len(batch.Events), err)
		}
		r.Instruments.Observer.BatchRetried()
		r.log.Warn("batch not stored, trying again", "batch", number, "try", try, "error", err)
		select {
		case <-time.After(wait):
			wait *= 2
		case <-ctx.Done():
		}
	}
}

// stored counts a committed batch and notifies watchers of it once the replicas show it. The cycle does not wait for
// that.
func (r *run) stored(ctx context.Context, number int, result store.BatchResult) {
	r.moved()
	r.stats.stored(result)
	r.Instruments.Observer.BatchStored(result)
	r.log.Debug("batch stored", "batch", number, "revision", result.Revision, "events_changed", result.EventsChanged,
		"markets_changed", result.MarketsChanged, "took", PhasesOf(result).total().Round(time.Millisecond))
	rejected := make(odds.Rejections)
	for _, b := range result.Rejected {
		rejected.Add(b)
	}
	if rejected.Total() > 0 {
		r.log.Warn("parts of a batch refused", "batch", number, "reasons", rejected)
	}
	r.acks.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), visibleTimeout) // storing goes on, or is over
		defer cancel()
		took := r.untilVisible(ctx, result)
		r.notify(Step{Stored: &Stored{Batch: number, Result: result, CacheUpdate: took, Rejected: rejected}})
	})
}

// untilVisible waits for the replicas and returns how long after the commit the slowest live one showed the batch;
// negative when none did or nothing was committed.
func (r *run) untilVisible(ctx context.Context, result store.BatchResult) time.Duration {
	if result.CommittedAt.IsZero() {
		return -1
	}
	ctx, span := startSpan(ctx, "feed", spans.Revision.Int64(result.Revision))
	defer span.End()
	if !r.visible(ctx, result.Revision) {
		return -1
	}
	took := time.Since(result.CommittedAt)
	r.Instruments.Observer.BatchVisible(took)
	return took
}
