package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// lease is what this process knows of the lease it took. Postgres counts lease_until from when it ran a statement;
// the deadline here counts from before the statement was sent, so it never lies later.
type lease struct {
	holder string
	term   int64
	length time.Duration
	lost   <-chan struct{} // closed by lose
	stop   context.CancelFunc

	mu       sync.Mutex // guards what follows
	deadline time.Time  // with a monotonic reading
	err      error      // why it is lost
}

// newLease makes a lease of a term that a statement sent at that time has won. The context it returns ends when the
// lease is lost.
func newLease(ctx context.Context, holder string, term int64, length time.Duration, sent time.Time) (*lease, context.Context) {
	ctx, stop := context.WithCancel(ctx)
	return &lease{holder: holder, term: term, length: length, lost: ctx.Done(), stop: stop, deadline: sent.Add(length)}, ctx
}

// held reports whether nobody else can hold the lease at this moment.
func (l *lease) held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err == nil && time.Now().Before(l.deadline)
}

// until is when the lease ends unless it is renewed.
func (l *lease) until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deadline
}

// renewed moves the deadline after a statement sent at that time has set lease_until.
func (l *lease) renewed(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := sent.Add(l.length); until.After(l.deadline) {
		l.deadline = until
	}
}

// lose ends the lease for this process. The first reason stays. It returns the error of everything to come.
func (l *lease) lose(reason string, args ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = fmt.Errorf("term %d: %w: %w", l.term, ErrLost, fmt.Errorf(reason, args...))
		l.stop()
	}
	return l.err
}

// check returns why the lease is lost, and loses it when it has run out.
func (l *lease) check() error {
	l.mu.Lock()
	err, over := l.err, time.Since(l.deadline)
	l.mu.Unlock()
	if err == nil && over >= 0 {
		return l.lose("it ran out %v ago", over.Round(time.Millisecond))
	}
	return err
}

// renew renews the lease three times as often as needed until it is lost. An error of Postgres is not the end before
// the deadline is. ctx is the lease's own.
func (l *lease) renew(ctx context.Context, q *dbsqlc.Queries) {
	pause := l.length / 3
	var last error
	for {
		timer := time.NewTimer(min(pause, max(0, time.Until(l.until()))))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if time.Until(l.until()) <= 0 {
			_ = l.lose("it could not be renewed within %v, last error: %w", l.length, last)
			return
		}
		last = l.renewOnce(ctx, q)
		pause = l.length / 3
		if last != nil {
			pause = l.length / 20
		}
	}
}

func (l *lease) renewOnce(ctx context.Context, q *dbsqlc.Queries) error {
	ctx, cancel := context.WithDeadline(ctx, l.until())
	defer cancel()
	sent := time.Now()
	rows, err := q.RenewLease(ctx, dbsqlc.RenewLeaseParams{Holder: l.holder, Term: l.term, LeaseSeconds: l.length.Seconds()})
	switch {
	case err != nil:
		return err
	case rows == 0:
		return l.lose("another writer took it")
	}
	l.renewed(sent)
	return nil
}
