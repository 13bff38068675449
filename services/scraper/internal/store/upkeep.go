package store

import (
	"context"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// dropsAtOnce bounds how many partitions one cycle end drops, so that a long pause does not make one of them long.
const dropsAtOnce = 5

// upkeep makes the history's partitions of the days ahead and drops those that are past retention. Each is a
// transaction of its own. What does not work now, for instance because somebody reads the old partition, is tried
// again after the next cycle.
func (w *Writer) upkeep(ctx context.Context) {
	today := w.store.cfg.Now()
	for ahead := range w.store.cfg.PartitionsAhead + 1 {
		if err := w.makePartition(ctx, today.AddDate(0, 0, ahead)); err != nil {
			w.store.log.WarnContext(ctx, "upkeep of the history", "error", err)
			return
		}
	}
	before := dayOf(today.Add(-w.store.cfg.HistoryRetention))
	for range dropsAtOnce {
		dropped, err := w.dropPartition(ctx, before)
		if err != nil {
			w.store.log.WarnContext(ctx, "upkeep of the history", "error", err)
			return
		}
		if dropped == "" {
			return
		}
		w.store.log.InfoContext(ctx, "dropped a partition of the history", "partition", dropped)
	}
}

// dropPartition drops the oldest partition of a day before the given one, and returns its name.
func (w *Writer) dropPartition(ctx context.Context, before time.Time) (string, error) {
	for day := range w.partitions {
		if day.Before(before) {
			delete(w.partitions, day)
		}
	}
	dropped, err := dbsqlc.New(w.store.pool).DropPartition(ctx, before)
	if err != nil {
		return "", fmt.Errorf("dropping the history before %s: %w", before.Format(time.DateOnly), err)
	}
	return dropped, nil
}
