package measure

import (
	"context"
	_ "embed" // the statements
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/test/cluster"
)

var (
	//go:embed sql/skew.sql
	skewSQL string
	//go:embed sql/tables.sql
	tablesSQL string
	//go:embed sql/multiply.sql
	multiplySQL string
)

// Skew is how far the captures of one event lie apart, over the events that several bookmakers offer.
type Skew struct {
	Events        int
	P50, P95, Max time.Duration
}

func readSkew(ctx context.Context, r *cluster.Cluster, since time.Time) (s Skew, err error) {
	conn, err := r.Connect(ctx, "")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, err := conn.Query(ctx, skewSQL, since)
	if err != nil {
		return s, fmt.Errorf("reading the skew: %w", err)
	}
	seconds, err := pgx.CollectRows(rows, pgx.RowTo[float64])
	if err != nil {
		return s, fmt.Errorf("reading the skew: %w", err)
	}
	values := make([]time.Duration, len(seconds))
	for i, v := range seconds {
		values[i] = time.Duration(v * float64(time.Second))
	}
	return Skew{Events: len(values), P50: Percentile(values, 0.5), P95: Percentile(values, 0.95), Max: Percentile(values, 1)}, nil
}

// Tables is how large the scraper's tables are.
type Tables struct {
	HistoryRows, HistoryBytes, LiveBytes, Snapshots, WALBytes int64
}

// ReadTables measures the scraper's tables.
func ReadTables(ctx context.Context, r *cluster.Cluster) (t Tables, err error) {
	conn, err := r.Connect(ctx, "")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	err = conn.QueryRow(ctx, tablesSQL).Scan(&t.HistoryRows, &t.HistoryBytes, &t.LiveBytes, &t.Snapshots, &t.WALBytes)
	if err != nil {
		return t, fmt.Errorf("measuring the tables: %w", err)
	}
	return t, nil
}

// Multiply adds copies of everything that is offered now, under other ids, while no scraper runs.
func Multiply(ctx context.Context, r *cluster.Cluster, copies int) (err error) {
	conn, err := r.Connect(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, multiplySQL, copies); err != nil {
		return fmt.Errorf("multiplying what is offered: %w", err)
	}
	// As autovacuum would have done by the time of a real start.
	if _, err := conn.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		return fmt.Errorf("vacuuming: %w", err)
	}
	return nil
}
