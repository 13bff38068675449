package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// partitions are the days that are known to have a partition of the history. The zero value knows none.
type partitions struct {
	mu   sync.Mutex // guards days
	days map[time.Time]bool
}

func (p *partitions) has(day time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.days[day]
}

func (p *partitions) add(day time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.days == nil {
		p.days = make(map[time.Time]bool)
	}
	p.days[day] = true
}

// forget makes all days be looked at again: somebody may have dropped one.
func (p *partitions) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.days)
}

// leastForLocks is enough for Postgres to say that a lock cannot be had.
const leastForLocks = 3 * time.Second

// makePartition makes the partition of a day over one of the pools, unless it is known to be there. It waits a second at most for
// each lock that others hold on the history, as the function in Postgres says; a Postgres that does not answer at all is
// given half a lease.
func (w *Writer) makePartition(ctx context.Context, conns *pgxpool.Pool, day time.Time) error {
	if w.partitions.has(day) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, max(w.lease.length/2, leastForLocks))
	defer cancel()
	made, err := dbsqlc.New(conns).MakePartition(ctx, day)
	if err != nil {
		what := "making the history's partition of " + day.Format(time.DateOnly)
		if pool.IsLocked(err) {
			what += ", while somebody holds a lock on the history"
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	w.partitions.add(day)
	if made {
		w.store.upkeep.made.Add(1)
		w.store.log.InfoContext(ctx, "made a partition of the history", "day", day.Format(time.DateOnly))
	}
	return nil
}

// DaysAhead returns for how many days after today, by the database's clock, the history has partitions without a gap.
// It waits for no lock and for no reader.
func (s *Store) DaysAhead(ctx context.Context) (int, error) {
	q := dbsqlc.New(s.pools.Upkeep)
	now, err := q.HistoryClock(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the database's clock: %w", pool.Away(err))
	}
	days, err := q.ListPartitions(ctx)
	if err != nil {
		return 0, fmt.Errorf("listing the history's partitions: %w", pool.Away(err))
	}
	exists := make(map[time.Time]bool, len(days))
	for _, day := range days {
		exists[day.UTC()] = true
	}
	ahead := 0
	for exists[dayOf(now).AddDate(0, 0, ahead+1)] {
		ahead++
	}
	return ahead, nil
}

// dayOf is the UTC day of an instant: what the history is partitioned by.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
