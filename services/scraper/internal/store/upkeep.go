package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// The upkeep of the history makes the partitions of the days ahead and drops those past retention. It belongs to the
// writer of a term and runs beside it, on connections of its own: when the term begins, after each cycle, and at least
// every upkeepEvery. What does not work, for instance because somebody holds a lock on the history, is tried again
// after a pause that doubles, since a partition is made days before it is needed.
//
// Days are those of the database's clock; what may be dropped the function history_drop_day decides, by the rules that
// stand at its head, and at most one day a run.
const (
	upkeepEvery    = 10 * time.Minute
	upkeepAgain    = time.Second // the first pause after a failure
	upkeepMaxPause = time.Minute
	upkeepWithin   = 30 * time.Second // bounds one statement; the locks' own limits are far below
)

// errKept says that the database refuses to drop history, for a reason that holds for some time.
var errKept = errors.New("no history is dropped")

// UpkeepCounts are what the upkeep of the history has done since the process began.
type UpkeepCounts struct {
	Runs                       int64
	Made, Dropped, DroppedRows int64
	Failed                     int64 // runs that did not do all of their work, locked ones included
	Refused                    int64 // runs in which the database refused to drop
}

type upkeepCounts struct{ runs, made, dropped, droppedRows, failed, refused atomic.Int64 }

// Upkeep returns what the upkeep of the history has done.
func (s *Store) Upkeep() UpkeepCounts {
	c := &s.upkeep
	return UpkeepCounts{
		Runs: c.runs.Load(), Made: c.made.Load(), Dropped: c.dropped.Load(), DroppedRows: c.droppedRows.Load(),
		Failed: c.failed.Load(), Refused: c.refused.Load(),
	}
}

// wantUpkeep asks for a run now. It does not wait.
func (w *Writer) wantUpkeep() {
	select {
	case w.upkeepDue <- struct{}{}:
	default: // one is due already
	}
}

// keepHistory runs the upkeep until ctx, which is the lease's, ends.
func (w *Writer) keepHistory(ctx context.Context) {
	again := upkeepAgain
	for {
		pause := upkeepEvery
		err := w.upkeep(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errKept):
			w.store.upkeep.refused.Add(1)
			w.store.log.WarnContext(ctx, "upkeep of the history", "error", err)
			again = upkeepAgain
		case err != nil:
			w.store.upkeep.failed.Add(1)
			w.store.log.WarnContext(ctx, "upkeep of the history", "error", err, "again_in", again)
			pause, again = again, min(2*again, upkeepMaxPause)
		default:
			again = upkeepAgain
		}
		w.store.upkeep.runs.Add(1)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-w.upkeepDue:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// upkeep makes what is missing and drops one day that is past retention. Each is a transaction of its own.
func (w *Writer) upkeep(ctx context.Context) error {
	reading, cancel := context.WithTimeout(ctx, upkeepWithin)
	defer cancel()
	today, err := dbsqlc.New(w.store.pools.Upkeep).HistoryClock(reading)
	if err != nil {
		return fmt.Errorf("reading the database's clock: %w", err)
	}
	return errors.Join(w.makeAhead(ctx, today), w.dropDay(ctx))
}

// makeAhead makes the partitions of today and the days ahead: of the database's today, and of the scraper's, which
// captures are stored by, should its clock be another.
func (w *Writer) makeAhead(ctx context.Context, today time.Time) error {
	for _, today := range []time.Time{today, w.store.cfg.Now()} {
		for ahead := range w.store.cfg.PartitionsAhead + 1 {
			if err := w.makePartition(ctx, w.store.pools.Upkeep, dayOf(today).AddDate(0, 0, ahead)); err != nil {
				return err // the next one would wait for the same lock
			}
		}
	}
	return nil
}

// dropDay drops the oldest day of the history that is past retention.
func (w *Writer) dropDay(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, upkeepWithin)
	defer cancel()
	cfg := &w.store.cfg
	days := int32((cfg.HistoryRetention + 24*time.Hour - 1) / (24 * time.Hour)) // whole ones
	d, err := dbsqlc.New(w.store.pools.Upkeep).DropDay(ctx, dbsqlc.DropDayParams{RetentionDays: days, CallerClock: cfg.Now()})
	switch {
	case err != nil:
		return fmt.Errorf("dropping history older than %d days: %w", days, err)
	case d.Refusal != "":
		oldest := ""
		if d.Partition != "" {
			oldest = fmt.Sprintf(", the oldest %s with %d rows", d.Partition, d.DroppedRows)
		}
		return fmt.Errorf("%w: %s: %d days are due%s; the database's clock says %s, the scraper's %s", errKept, d.Refusal, d.Due, oldest,
			d.DatabaseClock.UTC().Format(time.RFC3339), cfg.Now().UTC().Format(time.RFC3339))
	case d.Partition == "":
		return nil
	}
	w.partitions.forget()
	w.store.upkeep.dropped.Add(1)
	w.store.upkeep.droppedRows.Add(d.DroppedRows)
	log := w.store.log.InfoContext
	if d.Due > 1 { // unusual: the history shrinks by more than a day a day
		log = w.store.log.WarnContext
	}
	log(ctx, "dropped a day of the history", "partition", d.Partition, "rows", d.DroppedRows, "left_due", d.Due-1,
		"database_clock", d.DatabaseClock.UTC(), "retention_days", days)
	return nil
}
