package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// maxPoll bounds the time between two looks at a lease that another holds.
const maxPoll = 500 * time.Millisecond

// Acquire waits until the lease is free or has expired, takes it with a new term, and rebuilds the log from what
// Postgres holds. Cycles that an earlier writer left running are closed as FAILED. It waits through outages of
// Postgres; it returns ctx's error, or pool.ErrSchema. The caller releases the writer.
func (s *Store) Acquire(ctx context.Context) (*Writer, error) {
	poll := min(maxPoll, s.cfg.LeaseFor/10)
	var other sighting
	last := ""
	for {
		w, err := s.tryAcquire(ctx, &other)
		if err == nil {
			s.log.InfoContext(ctx, "acquired the lease", "term", w.lease.term, "head", w.head, "epoch", w.epoch)
			return w, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("waiting for the lease: %w", context.Cause(ctx))
		}
		if !pool.Passes(err) {
			return nil, fmt.Errorf("acquiring the lease: %w", err)
		}
		if reason := err.Error(); reason != last {
			s.log.InfoContext(ctx, "waiting for the lease", "reason", reason)
			last = reason
		}
		select {
		case <-ctx.Done():
		case <-time.After(poll):
		}
	}
}

// errHeld says that another holds the lease.
var errHeld = errors.New("another holds it")

// tryAcquire takes the lease if it can be had.
func (s *Store) tryAcquire(ctx context.Context, other *sighting) (_ *Writer, err error) {
	held, err := s.take(ctx, other)
	if err != nil {
		return nil, err
	}
	w := &Writer{
		store:   s,
		lease:   held,
		writing: make(chan struct{}, 1),
		upkeep: upkeep.New(upkeep.Config{
			Retention: s.cfg.HistoryRetention, Ahead: s.cfg.PartitionsAhead, LockWait: s.cfg.LeaseFor / 2, Now: s.cfg.Now,
		}, s.pools.Upkeep, &s.upkeep, s.log),
		collapses: make(map[key]collapse),
	}
	defer func() {
		if err != nil {
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.attempt())
			defer cancel()
			err = errors.Join(err, w.Release(release))
		}
	}()
	if left := time.Until(held.until()); left < s.cfg.LeaseFor*2/3 {
		// The answer took long, for a lock or because this process stood still. The lease was granted after that wait
		// or before, which a renewal tells; nothing relies on it yet.
		if err := held.renewOnce(s.onLease, s.attempt()); err != nil {
			return nil, fmt.Errorf("renewing a lease whose taking took %v: %w", s.cfg.LeaseFor-left, err)
		}
	}
	// Ended by losing the lease, which Release does at the latest. The lease outlives ctx, which bounds acquiring alone.
	w.renewing.Go(func() { held.renew(s.onLease, s.attempt()) })
	ctx, cancel := held.during(ctx)
	defer cancel()
	//failpoint:lease.before_restore
	if err := w.restore(ctx); err != nil {
		return nil, err
	}
	if err := w.renameKnown(ctx); err != nil {
		return nil, err
	}
	w.renewing.Go(func() { w.upkeep.Run(held.ended) }) // ends as renewing does
	//failpoint:lease.restored
	return w, w.closeRunning(ctx, "its writer ended before it did")
}

// take takes the lease if it can be had. It takes no longer than an attempt may.
func (s *Store) take(ctx context.Context, other *sighting) (held *term, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.attempt())
	defer cancel()
	err = s.onLease(ctx, func(q *dbsqlc.Queries) error {
		held, err = s.takeOn(ctx, q, other)
		return err
	})
	return held, err
}

func (s *Store) takeOn(ctx context.Context, q *dbsqlc.Queries, other *sighting) (*term, error) {
	seen, err := q.ReadLease(ctx)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("%w: table feed_state has no row", pool.ErrSchema)
	case err != nil:
		return nil, fmt.Errorf("looking at the lease: %w", err)
	case !other.free(seen, s.holder, s.cfg.LeaseFor, time.Now()):
		return nil, errHeld
	}
	sent := time.Now()
	//failpoint:lease.before_take
	taken, err := q.TakeLease(ctx, dbsqlc.TakeLeaseParams{
		Holder: s.holder, After: s.past.lastTerm(), LeaseSeconds: s.cfg.LeaseFor.Seconds(),
		SeenTerm: seen.Term, SeenHolder: seen.Holder, SeenUntil: seen.LeaseUntil,
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, errHeld
	case err != nil:
		return nil, fmt.Errorf("taking the lease: %w", err)
	}
	//failpoint:lease.taken
	return newLease(s.holder, taken, s.cfg.LeaseFor, sent, s.heardClock), nil
}

// attempt is how long one call for the lease may take: short enough that another can follow on another connection
// while the lease lasts.
func (s *Store) attempt() time.Duration {
	return min(max(s.cfg.LeaseFor/3, time.Second), 5*time.Second)
}
