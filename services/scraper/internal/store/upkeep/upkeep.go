// Package upkeep makes the partitions of market_odds_history for the days ahead, drops those past retention, and measures
// what is stored.
//
// The upkeep belongs to the writer of a term and runs beside it, on connections of its own: when the term begins, after
// each cycle, and at least every ten minutes. It waits for locks that readers hold, so it is never part of a commit or a
// takeover. What does not work, for instance because somebody holds a lock on the history, is tried again after a pause
// that doubles; a partition is made days before it is needed.
//
// Days are UTC days of the database's clock. What may be dropped is decided in the database, by the rules at the head of
// the function history_drop_day, and at most one day a run: no clock of a scraper, right or wrong, drops history.
package upkeep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

const (
	interval         = 10 * time.Minute
	firstRetry       = time.Second // the first pause after a failure
	maxRetry         = time.Minute
	statementTimeout = 30 * time.Second // the locks' own limits are far below
)

// ErrKept reports that the database does not drop history although a day is past retention, for a reason that holds for
// some time.
var ErrKept = errors.New("no history is dropped")

// Config says what is kept.
type Config struct {
	Retention time.Duration    // of the history; rounded up to whole days
	Ahead     int              // for how many days after today partitions are made
	LockWait  time.Duration    // how long making a partition may take, the waiting for locks included
	Now       func() time.Time // the scraper's clock, by which captures are stored
}

// Counts are what was done since the process began.
type Counts struct {
	Runs                       int64
	Made, Dropped, DroppedRows int64
	Failed                     int64 // runs that did not do all of their work, locked ones included
	Rejected                   int64 // runs in which the database dropped nothing although something was due
}

// Counters count over the terms of a process. The zero value is ready to use.
type Counters struct{ runs, made, dropped, droppedRows, failed, rejected atomic.Int64 }

// Counts reads the counters.
func (c *Counters) Counts() Counts {
	return Counts{
		Runs: c.runs.Load(), Made: c.made.Load(), Dropped: c.dropped.Load(), DroppedRows: c.droppedRows.Load(),
		Failed: c.failed.Load(), Rejected: c.rejected.Load(),
	}
}

// Keeper is the upkeep of one term. It is safe for concurrent use.
type Keeper struct {
	cfg       Config
	conns     *pgxpool.Pool
	counters  *Counters
	log       *slog.Logger
	requested chan struct{} // holds a token when a run is due before its time

	mu   sync.Mutex         // guards days
	days map[time.Time]bool // days that are known to have a partition
}

// New makes the upkeep of a term, which knows no partition yet.
func New(cfg Config, conns *pgxpool.Pool, counters *Counters, log *slog.Logger) *Keeper {
	return &Keeper{
		cfg: cfg, conns: conns, counters: counters, log: log,
		requested: make(chan struct{}, 1), days: make(map[time.Time]bool),
	}
}

// Request makes a run due now. It does not wait for it.
func (k *Keeper) Request() {
	select {
	case k.requested <- struct{}{}:
	default: // one is due already
	}
}

// Run does the upkeep until ctx, which is the term's, ends.
func (k *Keeper) Run(ctx context.Context) {
	retry := firstRetry
	for {
		pause := interval
		err := k.Once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrKept):
			k.counters.rejected.Add(1)
			k.log.WarnContext(ctx, "upkeep of the history", "error", err)
			retry = firstRetry
		case err != nil:
			k.counters.failed.Add(1)
			k.log.WarnContext(ctx, "upkeep of the history", "error", err, "again_in", retry)
			pause, retry = retry, min(2*retry, maxRetry)
		default:
			retry = firstRetry
		}
		k.counters.runs.Add(1)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-k.requested:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Once makes what is missing and drops one day that is past retention. Each is a transaction of its own. It returns
// ErrKept when a day past retention stays.
func (k *Keeper) Once(ctx context.Context) error {
	reading, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	today, err := dbsqlc.New(k.conns).HistoryClock(reading)
	if err != nil {
		return fmt.Errorf("reading the database's clock: %w", err)
	}
	return errors.Join(k.makeAhead(ctx, today), k.dropDay(ctx))
}

// makeAhead makes the partitions of today and the days ahead: of the database's today, and of the scraper's, which
// captures are stored by, should its clock be another.
func (k *Keeper) makeAhead(ctx context.Context, today time.Time) error {
	for _, today := range []time.Time{today, k.cfg.Now()} {
		for ahead := range k.cfg.Ahead + 1 {
			if err := k.Ensure(ctx, k.conns, dayOf(today).AddDate(0, 0, ahead)); err != nil {
				return err // the next one would wait for the same lock
			}
		}
	}
	return nil
}

// dropDay drops the oldest day of the history that is past retention.
func (k *Keeper) dropDay(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	days := int32((k.cfg.Retention + 24*time.Hour - 1) / (24 * time.Hour)) // whole ones
	d, err := dbsqlc.New(k.conns).DropDay(ctx, dbsqlc.DropDayParams{RetentionDays: days, CallerClock: k.cfg.Now()})
	switch {
	case err != nil:
		return fmt.Errorf("dropping history older than %d days: %w", days, err)
	case d.Refusal != "":
		oldest := ""
		if d.Partition != "" {
			oldest = fmt.Sprintf(", the oldest %s with %d rows", d.Partition, d.DroppedRows)
		}
		return fmt.Errorf("%w: %s: %d days are due%s; the database's clock says %s, the scraper's %s", ErrKept, d.Refusal, d.Due, oldest,
			d.DatabaseClock.UTC().Format(time.RFC3339), k.cfg.Now().UTC().Format(time.RFC3339))
	case d.Partition == "":
		return nil
	}
	k.Forget()
	k.counters.dropped.Add(1)
	k.counters.droppedRows.Add(d.DroppedRows)
	log := k.log.InfoContext
	if d.Due > 1 { // unusual: the history shrinks by more than a day a day
		log = k.log.WarnContext
	}
	log(ctx, "dropped a day of the history", "partition", d.Partition, "rows", d.DroppedRows, "left_due", d.Due-1,
		"database_clock", d.DatabaseClock.UTC(), "retention_days", days)
	return nil
}
