package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// maxPoll bounds the time between two looks at a lease that another holds.
const maxPoll = 500 * time.Millisecond

// Acquire waits until the lease is free or has expired, takes it with a new term, and rebuilds the log from what
// Postgres holds. Cycles that an earlier writer left running are closed as FAILED. It waits through outages of
// Postgres; it returns ctx's error, or ErrSchema. The caller releases the writer.
func (s *Store) Acquire(ctx context.Context) (*Writer, error) {
	poll := min(maxPoll, s.cfg.LeaseFor/10)
	last := ""
	for {
		w, err := s.tryAcquire(ctx)
		if err == nil {
			s.log.InfoContext(ctx, "acquired the lease", "term", w.lease.term, "head", w.head, "epoch", w.epoch)
			return w, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("waiting for the lease: %w", context.Cause(ctx))
		}
		if !passes(err) {
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
func (s *Store) tryAcquire(ctx context.Context) (_ *Writer, err error) {
	q := dbsqlc.New(s.pools.lease)
	sent := time.Now()
	term, err := q.TakeLease(ctx, dbsqlc.TakeLeaseParams{Holder: s.cfg.Holder, LeaseSeconds: s.cfg.LeaseFor.Seconds()})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, errHeld
	case err != nil:
		return nil, fmt.Errorf("taking the lease: %w", err)
	}
	// The lease outlives ctx, which bounds acquiring alone.
	held, renewing := newLease(context.WithoutCancel(ctx), s.cfg.Holder, term, s.cfg.LeaseFor, sent)
	w := &Writer{
		store:     s,
		lease:     held,
		writing:   make(chan struct{}, 1),
		upkeepDue: make(chan struct{}, 1),
		collapses: make(map[key]collapse),
	}
	// Ended by losing the lease, which Release does at the latest.
	w.renewing.Go(func() { held.renew(renewing, q) })
	defer func() {
		if err != nil {
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.LeaseFor)
			defer cancel()
			err = errors.Join(err, w.Release(release))
		}
	}()
	if err := w.restore(ctx); err != nil {
		return nil, err
	}
	w.renewing.Go(func() { w.keepHistory(renewing) }) // ended as renewing is
	return w, w.closeRunning(ctx, "its writer ended before it did")
}

// passes reports whether waiting helps: against another's lease and against a Postgres that is away, but not against
// a database that is not ours.
func passes(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch class(answer) {
		case "0A", "22", "28", "3D", "3F", "42": // unsupported, bad data, login, no such database or schema, no such table or right
			return false
		}
	}
	return !errors.Is(err, ErrSchema)
}
