package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
)

// term is what this process knows of the lease it took. Postgres counts lease_until from when it ran a statement;
// the deadline here counts from before the statement was sent, so it never lies later.
type term struct {
	holder string
	term   int64
	length time.Duration
	lost   <-chan struct{}    // closed by lose
	ended  context.Context    //nolint:containedctx // ends when the lease is lost; other contexts are bound to it
	stop   context.CancelFunc // ends it
	heard  heardClock

	mu       sync.Mutex // guards what follows
	deadline time.Time  // with a monotonic reading
	err      error      // why it is lost
	belief   belief
}

// heardClock takes what the database's clock said while a statement ran that was sent at that time; it is called when the
// answer has come.
type heardClock func(sent, database time.Time)

// newLease makes a lease of a term that a statement sent at that time has won. It lives until lose.
func newLease(holder string, taken dbsqlc.TakeLeaseRow, length time.Duration, sent time.Time, heard heardClock) *term {
	ended, stop := context.WithCancel(context.Background())
	heard(sent, taken.Clock)
	return &term{
		holder: holder, term: taken.Term, length: length, lost: ended.Done(), ended: ended, stop: stop,
		heard: heard, deadline: sent.Add(length),
		belief: belief{epoch: taken.Epoch, attempted: math.MaxInt64}, // until the tables are read
	}
}

// held reports whether nobody else can hold the lease at this moment.
func (l *term) held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err == nil && time.Now().Before(l.deadline)
}

// until is when the lease ends unless it is renewed.
func (l *term) until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deadline
}

// during bounds a context to the time for which the lease is held.
func (l *term) during(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	unbind := context.AfterFunc(l.ended, func() { cancel(lease.ErrNotWriter) })
	return ctx, func() { unbind(); cancel(nil) }
}

// believed is a copy of what the writer believes at this moment.
func (l *term) believed() belief {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.belief
	b.running = maps.Clone(b.running)
	return b
}

// believe changes what the writer believes.
func (l *term) believe(change func(*belief)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.belief)
}

// renewed moves the deadline after a statement sent at that time has set lease_until.
func (l *term) renewed(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := sent.Add(l.length); until.After(l.deadline) {
		l.deadline = until
	}
}

// lose ends the lease for this process. The first reason stays. It returns the error of everything to come.
func (l *term) lose(reason error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = fmt.Errorf("term %d: %w: %w", l.term, lease.ErrNotWriter, reason)
		l.stop()
	}
	return l.err
}

// check returns why the lease is lost, and loses it when it has run out.
func (l *term) check() error {
	l.mu.Lock()
	err, over := l.err, time.Since(l.deadline)
	l.mu.Unlock()
	if err == nil && over >= 0 {
		return l.lose(fmt.Errorf("it ran out %v ago", over.Round(time.Millisecond)))
	}
	return err
}

// renew renews the lease three times as often as needed until it is lost. An error of Postgres is not the end before
// the deadline is.
func (l *term) renew(run runner, attempt time.Duration) {
	pause := l.length / 3
	var last error
	for {
		timer := time.NewTimer(min(pause, max(0, time.Until(l.until()))))
		select {
		case <-l.lost:
			timer.Stop()
			return
		case <-timer.C:
		}
		left := time.Until(l.until())
		if left <= 0 {
			_ = l.lose(l.overdue(last))
			return
		}
		pause = l.length / 3
		if last = l.renewOnce(run, min(left, attempt)); last != nil {
			pause = l.length / 20
		}
	}
}

// overdue says why the lease was not renewed in time. Without an error of Postgres nothing was tried: the process did
// not run.
func (l *term) overdue(last error) error {
	if last == nil {
		return fmt.Errorf("it was not renewed within %v: this process stood still", l.length)
	}
	return fmt.Errorf("it could not be renewed within %v: %w", l.length, last)
}

// runner runs statements on one connection.
type runner func(context.Context, func(*dbsqlc.Queries) error) error

// renewOnce renews the lease and compares what the database says with what the writer believes.
func (l *term) renewOnce(run runner, within time.Duration) error {
	ctx, cancel := context.WithTimeout(l.ended, within)
	defer cancel()
	return run(ctx, func(q *dbsqlc.Queries) error {
		before := l.believed()
		sent := time.Now()
		//failpoint:lease.before_renew
		row, err := q.RenewLease(ctx, dbsqlc.RenewLeaseParams{Holder: l.holder, Term: l.term, LeaseSeconds: l.length.Seconds()})
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return l.lose(errSuperseded)
		case err != nil:
			return err
		}
		l.heard(sent, row.Clock)
		s := said{
			holder: l.holder, term: l.term, revision: row.Revision, epoch: row.Epoch, running: row.Running, cycles: true,
		}
		if reason := s.contradiction(l, before, l.believed()); reason != nil {
			return l.lose(reason)
		}
		//failpoint:lease.renewed
		l.renewed(sent)
		return nil
	})
}
