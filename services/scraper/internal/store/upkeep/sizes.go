package upkeep

import (
	"context"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// historyTable is the partitioned table; its partitions carry its name and their day.
const historyTable = "market_odds_history"

// TableSize is the size of a table. Rows are Postgres's estimates, which lag by seconds.
type TableSize struct {
	Table      string
	Rows       int64
	DeadRows   int64 // versions that are dead and not yet vacuumed
	Bytes      int64 // with indexes and out-of-line values
	IndexBytes int64
}

// Day is the partition of one UTC day.
type Day struct {
	Day   time.Time
	Rows  int64
	Bytes int64
}

// Sizes is how large the database is.
type Sizes struct {
	Tables        []TableSize // by name; the history is one of them
	Days          []Day       // of the history, oldest first, those made ahead included
	DatabaseBytes int64
	// TodayShare is the part of today in which there was history, for what grew today to be seen in proportion.
	TodayShare float64
}

// measurements are what Sizes is made of.
type measurements struct {
	tables   []dbsqlc.TableSizesRow
	database int64
	now      time.Time
	began    dbsqlc.HistoryBeganRow // today's history
}

// Measure measures the tables. It returns pool.ErrBusy, pool.ErrReadTimeout or pool.ErrAway when that cannot be done now.
func Measure(ctx context.Context, readers *pool.Readers) (Sizes, error) {
	var m measurements
	if err := readers.Read(ctx, m.read); err != nil {
		return Sizes{}, fmt.Errorf("measuring the database: %w", err)
	}
	sizes := Sizes{DatabaseBytes: m.database}
	history := TableSize{Table: historyTable}
	for _, row := range m.tables {
		size := TableSize{Table: row.TableName, Rows: row.LiveRows, DeadRows: row.DeadRows, Bytes: row.Bytes, IndexBytes: row.IndexBytes}
		if row.Day.Year() == 1 {
			sizes.Tables = append(sizes.Tables, size)
			continue
		}
		history.Rows += size.Rows
		history.DeadRows += size.DeadRows
		history.Bytes += size.Bytes
		history.IndexBytes += size.IndexBytes
		sizes.Days = append(sizes.Days, Day{Day: row.Day.UTC(), Rows: size.Rows, Bytes: size.Bytes})
	}
	sizes.insert(history)
	if m.began.Found && m.now.After(m.began.Began) {
		sizes.TodayShare = float64(m.now.Sub(m.began.Began)) / float64(24*time.Hour)
	}
	return sizes, nil
}

func (m *measurements) read(ctx context.Context, q *dbsqlc.Queries) (err error) {
	if m.tables, err = q.TableSizes(ctx); err != nil {
		return fmt.Errorf("measuring the tables: %w", err)
	}
	if m.database, err = q.DatabaseSize(ctx); err != nil {
		return fmt.Errorf("measuring all of it: %w", err)
	}
	if m.now, err = q.HistoryClock(ctx); err != nil {
		return fmt.Errorf("reading the clock: %w", err)
	}
	if m.began, err = q.HistoryBegan(ctx, dayOf(m.now)); err != nil {
		return fmt.Errorf("looking for today's first history: %w", err)
	}
	return nil
}

// insert puts the history where its name belongs.
func (s *Sizes) insert(history TableSize) {
	at := 0
	for at < len(s.Tables) && s.Tables[at].Table < history.Table {
		at++
	}
	s.Tables = append(s.Tables[:at], append([]TableSize{history}, s.Tables[at:]...)...)
}
