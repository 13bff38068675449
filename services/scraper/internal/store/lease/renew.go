package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// Renew renews the lease three times as often as needed until it is lost. An error of Postgres is not the end before
// the deadline is.
func (t *Term) Renew() {
	pause := t.Length / 3
	var last error
	for {
		timer := time.NewTimer(min(pause, max(0, time.Until(t.Until()))))
		select {
		case <-t.ended.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		left := time.Until(t.Until())
		if left <= 0 {
			_ = t.Lose(t.overdue(last))
			return
		}
		pause = t.Length / 3
		if last = t.renewOnce(min(left, t.candidate.Timeout())); last != nil {
			pause = t.Length / 20
		}
	}
}

// overdue says why the lease was not renewed in time. Without an error of Postgres nothing was tried: the process did
// not run.
func (t *Term) overdue(last error) error {
	if last == nil {
		return fmt.Errorf("it was not renewed within %v: this process stood still", t.Length)
	}
	return fmt.Errorf("it could not be renewed within %v: %w", t.Length, last)
}

// renewOnce renews the lease and compares what the database has with what the term believes.
func (t *Term) renewOnce(timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(t.ended, timeout)
	defer cancel()
	return t.candidate.run(ctx, func(q *dbsqlc.Queries) error {
		before := t.believed()
		sent := time.Now()
		//failpoint:lease.before_renew
		row, err := q.RenewLease(ctx, dbsqlc.RenewLeaseParams{Holder: t.Holder, Term: t.Number, LeaseSeconds: t.Length.Seconds()})
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return t.Lose(ErrSuperseded)
		case err != nil:
			return err
		}
		t.candidate.readClock(sent, row.Clock)
		s := state{
			holder: t.Holder, term: t.Number, revision: row.Revision, epoch: row.Epoch, running: row.Running, cycles: true,
		}
		if reason := s.contradiction(t, before, t.believed()); reason != nil {
			return t.Lose(reason)
		}
		//failpoint:lease.renewed
		t.Renewed(sent)
		return nil
	})
}
