package upkeep

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// minLockWait is enough for Postgres to say that a lock cannot be had.
const minLockWait = 3 * time.Second

// dayOf is the UTC day of an instant: what the history is partitioned by.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Ensure makes the partition of the day that an instant lies in, over conns, unless it is known to exist. It waits a
// second at most for each lock that others hold on the history, as the function in Postgres says; a Postgres that does
// not answer at all is given Config.LockWait.
func (k *Keeper) Ensure(ctx context.Context, conns *pgxpool.Pool, at time.Time) error {
	day := dayOf(at)
	if k.exists(day) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, max(k.cfg.LockWait, minLockWait))
	defer cancel()
	made, err := dbsqlc.New(conns).MakePartition(ctx, day)
	if err != nil {
		what := "making the history's partition of " + day.Format(time.DateOnly)
		if pool.IsLocked(err) {
			what += ", while somebody holds a lock on the history"
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	k.add(day)
	if made {
		k.counters.made.Add(1)
		k.log.InfoContext(ctx, "made a partition of the history", "day", day.Format(time.DateOnly))
	}
	return nil
}

// Forget makes Ensure look at all days again: somebody may have dropped one.
func (k *Keeper) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.days)
}

func (k *Keeper) exists(day time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.days[day]
}

func (k *Keeper) add(day time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.days[day] = true
}

// DaysAhead returns for how many days after today, by the database's clock, the history has partitions without a gap.
// It waits for no lock. It returns pool.ErrAway when Postgres is away.
func DaysAhead(ctx context.Context, conns *pgxpool.Pool) (int, error) {
	q := dbsqlc.New(conns)
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
