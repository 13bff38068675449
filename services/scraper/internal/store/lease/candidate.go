package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// maxPoll bounds the time between two looks at a lease that another holds.
const maxPoll = 500 * time.Millisecond

// ReadClock takes a reading of the database's clock by a statement that was sent at that time by this process's clock. It
// is called when the response has come.
type ReadClock func(sent, database time.Time)

// Candidate takes the lease for this process, term after term, and remembers what its terms have published.
type Candidate struct {
	pools     pool.Set
	holder    string // of this process alone
	length    time.Duration
	readClock ReadClock
	log       *slog.Logger
	past      past
}

// NewCandidate makes a candidate whose leases last that long without a renewal. name is for people who read the table;
// something random is added, so that no two processes are mistaken for each other.
func NewCandidate(pools pool.Set, name string, length time.Duration, readClock ReadClock, log *slog.Logger) *Candidate {
	return &Candidate{
		pools: pools, holder: name + "#" + strings.ToLower(rand.Text()[:8]), length: length, readClock: readClock, log: log,
	}
}

// Acquire waits until the lease is free or has expired, takes it with a new term, and calls begin, which may fail and then
// must have released the term. It waits through outages of Postgres, and calls begin again after each failure that may
// pass; it returns ctx's error, or one of a database that is not ours.
func (c *Candidate) Acquire(ctx context.Context, begin func(context.Context, *Term) error) error {
	poll := min(maxPoll, c.length/10)
	var other sighting
	last := ""
	for {
		t, err := c.take(ctx, &other)
		if err == nil {
			err = begin(ctx, t)
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for the lease: %w", context.Cause(ctx))
		}
		if !pool.Passes(err) {
			return fmt.Errorf("acquiring the lease: %w", err)
		}
		if reason := err.Error(); reason != last {
			c.log.InfoContext(ctx, "waiting for the lease", "reason", reason)
			last = reason
		}
		select {
		case <-ctx.Done():
		case <-time.After(poll):
		}
	}
}

// Timeout is how long one call for the lease may take: short enough that another can follow on another connection while
// the lease lasts.
func (c *Candidate) Timeout() time.Duration {
	return min(max(c.length/3, time.Second), 5*time.Second)
}

// take takes the lease if it can be had.
func (c *Candidate) take(ctx context.Context, other *sighting) (t *Term, err error) {
	taking, cancel := context.WithTimeout(ctx, c.Timeout())
	defer cancel()
	err = c.run(taking, func(q *dbsqlc.Queries) error {
		t, err = c.takeOn(taking, q, other)
		return err
	})
	if err != nil {
		return nil, err
	}
	if left := time.Until(t.Until()); left < c.length*2/3 {
		// The response took long, for a lock or because this process stood still. The lease was granted after that wait
		// or before, which a renewal shows; nothing relies on it yet.
		if err := t.renewOnce(c.Timeout()); err != nil {
			err = fmt.Errorf("renewing a lease whose taking took %v: %w", c.length-left, err)
			return nil, errors.Join(err, t.Release(context.WithoutCancel(ctx)))
		}
	}
	return t, nil
}

func (c *Candidate) takeOn(ctx context.Context, q *dbsqlc.Queries, other *sighting) (*Term, error) {
	seen, err := q.ReadLease(ctx)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("%w: table feed_state has no row", pool.ErrSchema)
	case err != nil:
		return nil, fmt.Errorf("looking at the lease: %w", err)
	case !other.free(seen, c.holder, c.length, time.Now()):
		return nil, errHeld
	}
	sent := time.Now()
	//failpoint:lease.before_take
	taken, err := q.TakeLease(ctx, dbsqlc.TakeLeaseParams{
		Holder: c.holder, After: c.past.lastTerm(), LeaseSeconds: c.length.Seconds(),
		SeenTerm: seen.Term, SeenHolder: seen.Holder, SeenUntil: seen.LeaseUntil,
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, errHeld
	case err != nil:
		return nil, fmt.Errorf("taking the lease: %w", err)
	}
	//failpoint:lease.taken
	return newTerm(c, taken, sent), nil
}
