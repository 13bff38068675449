package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/test/cluster"
)

// bare is the database of the bare COPY.
const bare = "bare"

// copied are the tables that a first cycle fills, in the order in which their references allow.
var copied = []string{"tournaments", "events", "competitor_events", "snapshots", "market_odds_history"}

// Copied is one bare COPY.
type Copied struct{ Took, PostgresCPU time.Duration }

// BareCopy writes the rows that the database holds into an equal one, with the same indexes and references and
// synchronous_commit on, by nothing but COPY: all tables in one transaction, from memory. It does so the given number
// of times and returns how long each took.
func BareCopy(ctx context.Context, r *cluster.Cluster, times int) (took []Copied, err error) {
	if err := r.CreateDatabase(ctx, bare); err != nil {
		return nil, err
	}
	from, err := r.Connect(ctx, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, from.Close(ctx)) }()
	to, err := r.Connect(ctx, bare)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, to.Close(ctx)) }()

	rows := make(map[string][]byte)
	for _, table := range copied {
		var b bytes.Buffer
		if _, err := from.PgConn().CopyTo(ctx, &b, "COPY (SELECT * FROM "+table+") TO STDOUT (FORMAT binary)"); err != nil {
			return nil, fmt.Errorf("reading %s: %w", table, err)
		}
		rows[table] = b.Bytes()
	}
	if err := makePartitions(ctx, from, to); err != nil {
		return nil, err
	}
	for range times {
		if _, err := to.Exec(ctx, "TRUNCATE tournaments, events, competitor_events, snapshots, market_odds_history"); err != nil {
			return nil, fmt.Errorf("emptying the tables: %w", err)
		}
		if _, err := to.Exec(ctx, "CHECKPOINT"); err != nil {
			return nil, fmt.Errorf("writing a checkpoint: %w", err)
		}
		before, err := backendCPU(to)
		if err != nil {
			return nil, err
		}
		started := time.Now()
		if err := copyAll(ctx, to, rows); err != nil {
			return nil, err
		}
		one := Copied{Took: time.Since(started)}
		after, err := backendCPU(to)
		if err != nil {
			return nil, err
		}
		one.PostgresCPU = after - before
		took = append(took, one)
	}
	return took, nil
}

// makePartitions makes the history's partitions of the days that there are rows of.
func makePartitions(ctx context.Context, from, to *pgx.Conn) error {
	rows, err := from.Query(ctx, "SELECT DISTINCT (captured_at AT TIME ZONE 'UTC')::date FROM market_odds_history")
	if err != nil {
		return fmt.Errorf("reading the history's days: %w", err)
	}
	days, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return fmt.Errorf("reading the history's days: %w", err)
	}
	for _, day := range days {
		if _, err := to.Exec(ctx, "SELECT history_make_partition($1)", day); err != nil {
			return fmt.Errorf("making the partition of %s: %w", day.Format(time.DateOnly), err)
		}
	}
	return nil
}

func copyAll(ctx context.Context, to *pgx.Conn, rows map[string][]byte) error {
	tx, err := to.Begin(ctx)
	if err != nil {
		return fmt.Errorf("beginning the copy: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // without effect after the commit
	for _, table := range copied {
		if _, err := to.PgConn().CopyFrom(ctx, bytes.NewReader(rows[table]), "COPY "+table+" FROM STDIN (FORMAT binary)"); err != nil {
			return fmt.Errorf("copying %s: %w", table, err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("committing the copy: %w", err)
	}
	return nil
}
