package measure

import (
	"bytes"
	"context"
	_ "embed" // the statements
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/test/cluster"
)

var (
	//go:embed sql/rows_make.sql
	rowsMakeSQL string
	//go:embed sql/rows_changed.sql
	rowsChangedSQL string
	//go:embed sql/rows_upsert.sql
	rowsUpsertSQL string
	//go:embed sql/history_unnest.sql
	historyUnnestSQL string
	//go:embed sql/payload_update.sql
	payloadUpdateSQL string
)

// variants is the database that is spoilt.
const variants = "variants"

// Variant is one way to write or read the same things.
type Variant struct {
	Name     string
	Took     time.Duration
	WALBytes int64
}

// Variants measures what the store might have done instead: the newest state as market rows beside one payload a
// snapshot, history by unnest beside COPY, in a copy of the scraper's database. changed is how many markets a cycle
// changes. No scraper may run.
func Variants(ctx context.Context, r *cluster.Cluster, changed int64) (all []Variant, err error) {
	if err := r.CopyDatabase(ctx, variants); err != nil {
		return nil, err
	}
	conn, err := r.Connect(ctx, variants)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, rowsMakeSQL); err != nil {
		return nil, fmt.Errorf("making market rows: %w", err)
	}
	columns, err := newest(ctx, conn, changed)
	if err != nil {
		return nil, err
	}
	var ids []string
	if err := conn.QueryRow(ctx, "SELECT array_agg(bookmaker_event_id) FROM snapshots").Scan(&ids); err != nil {
		return nil, fmt.Errorf("reading the snapshots' ids: %w", err)
	}
	var rows bytes.Buffer
	if _, err := conn.PgConn().CopyTo(ctx, &rows, fmt.Sprintf(
		"COPY (SELECT * FROM market_odds_history ORDER BY revision DESC LIMIT %d) TO STDOUT (FORMAT binary)", changed)); err != nil {
		return nil, fmt.Errorf("reading the newest history: %w", err)
	}
	statement := func(sql string, args ...any) func() error {
		return func() error { _, err := conn.Exec(ctx, sql, args...); return err }
	}
	read := func(sql string) func() error {
		return func() error {
			_, err := conn.PgConn().CopyTo(ctx, io.Discard, "COPY ("+sql+") TO STDOUT (FORMAT binary)")
			return err
		}
	}
	for _, v := range []struct {
		name string
		do   func() error
	}{
		{"state: write the payloads of all snapshots", statement(payloadUpdateSQL, ids)},
		{fmt.Sprintf("state: write %d market rows", changed), statement(rowsUpsertSQL, columns...)},
		{"state: read the payloads of all snapshots", read("SELECT * FROM snapshots")},
		{"state: read all market rows", read("SELECT * FROM market_rows")},
		{fmt.Sprintf("history: COPY %d rows", changed), func() error {
			_, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(rows.Bytes()), "COPY market_odds_history FROM STDIN (FORMAT binary)")
			return err
		}},
		{fmt.Sprintf("history: unnest %d rows", changed), statement(historyUnnestSQL, columns...)},
	} {
		measured, err := variant(ctx, conn, v.name, v.do)
		if err != nil {
			return nil, err
		}
		all = append(all, measured)
	}
	return all, nil
}

// newest are the newest changes as the arrays of one statement.
func newest(ctx context.Context, conn *pgx.Conn, n int64) ([]any, error) {
	var (
		bookmakers, lines    []int16
		srIDs, ids, outcomes []string
		revisions            []int64
		captured             []time.Time
		available            []bool
	)
	err := conn.QueryRow(ctx, rowsChangedSQL, n).Scan(&bookmakers, &srIDs, &ids, &lines, &revisions, &captured, &available, &outcomes)
	if err != nil {
		return nil, fmt.Errorf("reading the newest changes: %w", err)
	}
	return []any{bookmakers, srIDs, ids, lines, revisions, captured, available, outcomes}, nil
}

// variant measures the median of three, right after a checkpoint for the first: pages that are written the first time
// since then are logged whole.
func variant(ctx context.Context, conn *pgx.Conn, name string, do func() error) (Variant, error) {
	const wal = "SELECT (pg_current_wal_lsn() - '0/0')::bigint"
	v := Variant{Name: name}
	var took []time.Duration
	for i := range 3 {
		var from, to int64
		if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil {
			return v, fmt.Errorf("writing a checkpoint: %w", err)
		}
		if err := conn.QueryRow(ctx, wal).Scan(&from); err != nil {
			return v, fmt.Errorf("reading the log's position: %w", err)
		}
		started := time.Now()
		if err := do(); err != nil {
			return v, fmt.Errorf("measuring %q: %w", name, err)
		}
		took = append(took, time.Since(started))
		if err := conn.QueryRow(ctx, wal).Scan(&to); err != nil {
			return v, fmt.Errorf("reading the log's position: %w", err)
		}
		if i == 0 {
			v.WALBytes = to - from
		}
	}
	v.Took = Median(took)
	return v, nil
}
