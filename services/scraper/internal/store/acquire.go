package store

import (
	"context"
	"errors"

	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// Acquire waits until the lease is free or has expired, takes it with a new term, and rebuilds the log from what
// Postgres holds. Cycles that an earlier writer left running are closed as FAILED. It waits through outages of
// Postgres; it returns ctx's error, or pool.ErrSchema. The caller releases the writer.
func (s *Store) Acquire(ctx context.Context) (w *Writer, err error) {
	err = s.candidate.Acquire(ctx, func(ctx context.Context, term *lease.Term) (err error) {
		w, err = s.begin(ctx, term)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "acquired the lease", "term", w.term.Number, "head", w.head, "epoch", w.Epoch())
	return w, nil
}

// begin makes the writer of a term. When that fails, the lease is given back.
func (s *Store) begin(ctx context.Context, term *lease.Term) (_ *Writer, err error) {
	w := &Writer{
		store:   s,
		term:    term,
		writing: make(chan struct{}, 1),
		upkeep: upkeep.New(upkeep.Config{
			Retention: s.cfg.HistoryRetention, Ahead: s.cfg.PartitionsAhead, LockWait: s.cfg.LeaseFor / 2, Now: s.cfg.Now,
		}, s.pools.Upkeep, &s.upkeep, s.log),
		collapses: make(map[key]collapse),
	}
	defer func() {
		if err != nil {
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.candidate.Timeout())
			defer cancel()
			err = errors.Join(err, w.Release(release))
		}
	}()
	// Ended by losing the lease, which Release does at the latest. The lease outlives ctx, which bounds acquiring alone.
	w.background.Go(term.Renew)
	ctx, cancel := term.During(ctx)
	defer cancel()
	//failpoint:lease.before_restore
	if err := w.restore(ctx); err != nil {
		return nil, err
	}
	if err := term.RenameKnown(ctx); err != nil {
		return nil, err
	}
	w.background.Go(func() { w.upkeep.Run(term.Done()) }) // ends as renewing does
	//failpoint:lease.restored
	return w, w.closeRunning(ctx, "its writer ended before it did")
}
