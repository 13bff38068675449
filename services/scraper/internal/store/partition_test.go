package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// limited migrates a database for a role of its own without DDL rights, and returns a pool of that role.
func limited(t *testing.T) (own, admin *pgxpool.Pool) {
	t.Helper()
	url := pgtest.URL(t, nil)
	admin, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	role := fmt.Sprintf("Scraper %d", time.Now().UnixNano())
	quoted := pgx.Identifier{role}.Sanitize()
	if _, err := admin.Exec(t.Context(), "CREATE ROLE "+quoted); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), "DROP OWNED BY "+quoted+"; DROP ROLE "+quoted)
		if err != nil {
			t.Errorf("dropping the role: %v", err)
		}
	})
	for range 2 { // the second time changes nothing
		if err := store.Migrate(t.Context(), url, store.MigrateOptions{ScraperRole: role}, logger(t)); err != nil {
			t.Fatalf("Migrate: %v", err)
		}
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET ROLE "+quoted)
		return err
	}
	own, err = pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	return own, admin
}

func partitions(t *testing.T, pool *pgxpool.Pool) (days []string) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT right(inhrelid::regclass::text, 8) FROM pg_inherits
		WHERE inhparent = 'market_odds_history'::regclass ORDER BY 1`)
	if err == nil {
		days, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatalf("listing partitions: %v", err)
	}
	return days
}

// days are the names of n days from the given one.
func days(from time.Time, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = from.UTC().AddDate(0, 0, i).Format("20060102")
	}
	return names
}

func TestRoleWithoutDDL(t *testing.T) {
	t.Parallel()
	own, _ := limited(t)
	_, err := own.Exec(t.Context(), "CREATE TABLE mine (a integer)")
	if refused := new(pgconn.PgError); !errors.As(err, &refused) || refused.Code != "42501" {
		t.Fatalf("the scraper's role can make tables: %v", err)
	}
	for _, statement := range []string{
		"DROP TABLE events", "DELETE FROM bookmakers", "DELETE FROM feed_state", "DELETE FROM market_odds_history",
		"TRUNCATE snapshots", "SELECT grant_scraper('postgres')",
	} {
		if _, err := own.Exec(t.Context(), statement); err == nil {
			t.Errorf("the scraper's role may: %s", statement)
		}
	}
	b := on(t, own, store.Config{})
	b.apply(t, one(2))
	b.apply(t, one(3))
	b.cycle(t, store.Succeeded)
	b.sameAfterRestore(t)
	if parts := strings.Split(b.Epoch(), "."); len(parts) != 5 || parts[1] == "0" || parts[2] == "0" {
		t.Errorf("epoch %s does not name cluster and timeline", b.Epoch())
	}
}

// setClock is a clock that tests set.
type setClock struct{ micros atomic.Int64 }

func (c *setClock) set(t time.Time) { c.micros.Store(t.UnixMicro()) }
func (c *setClock) read() time.Time { return time.UnixMicro(c.micros.Load()) }

// setHistoryClock sets the clock that the database counts the history's days by.
func setHistoryClock(t *testing.T, admin *pgxpool.Pool, at time.Time) {
	t.Helper()
	statement := fmt.Sprintf(`CREATE OR REPLACE FUNCTION history_clock() RETURNS timestamptz LANGUAGE sql VOLATILE
		AS 'SELECT timestamptz ''%s'''`, at.UTC().Format(time.RFC3339Nano))
	if _, err := admin.Exec(t.Context(), statement); err != nil {
		t.Fatalf("setting the history's clock: %v", err)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	own, admin := limited(t)
	now, scraper := time.Now(), new(setClock)
	set := func(at time.Time) {
		now = at
		scraper.set(at)
		setHistoryClock(t, admin, at)
	}
	set(now)
	b := on(t, own, store.Config{HistoryRetention: 48 * time.Hour, PartitionsAhead: 2, Now: scraper.read})
	upkeep := func() {
		t.Helper()
		if err := b.UpkeepNow(t.Context()); err != nil {
			t.Fatalf("upkeep: %v", err)
		}
	}
	upkeep()
	if diff := cmp.Diff(days(now, 3), partitions(t, admin)); diff != "" {
		t.Errorf("partitions after the first start (-want +got):\n%s", diff)
	}
	price := 2.0
	write := func() {
		price++
		s := capture(odds.BetPawa, "7", "100", map[string]float64{"a": price})
		s.RequestedAt, s.CapturedAt = now.Add(-time.Second), now
		b.apply(t, store.Batch{Events: one(2).Events, Snapshots: []odds.Snapshot{s}})
	}
	first := now
	for range 5 {
		write()
		upkeep()
		set(now.Add(24 * time.Hour))
	}
	set(now.Add(-24 * time.Hour))
	oldest := now.Add(-48 * time.Hour)
	if got := partitions(t, admin); got[0] != oldest.UTC().Format("20060102") || got[len(got)-1] != now.UTC().AddDate(0, 0, 2).Format("20060102") {
		t.Errorf("partitions after days of cycles: %v, want those from %v to two days after %v", got, oldest, now)
	}
	if got := b.rows(t, "market_odds_history"); got != 3 {
		t.Errorf("history has %d rows of the last two days and today, want 3; first was at %v", got, first)
	}

	// Somebody reads the oldest partition for long: writers go on, and a later run drops it.
	set(now.Add(24 * time.Hour))
	reader, err := admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), "SELECT * FROM market_odds_history LIMIT 1"); err != nil {
		t.Fatal(err)
	}
	before := partitions(t, admin)[0]
	if err := b.UpkeepNow(t.Context()); err == nil {
		t.Error("upkeep dropped what is being read")
	}
	write()
	if got := partitions(t, admin)[0]; got != before {
		t.Errorf("partition %s was dropped from under its reader", before)
	}
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = b.UpkeepNow(t.Context()) // unless the writer's own was first
	if got := partitions(t, admin)[0]; got == before {
		t.Errorf("partition %s is still there", before)
	}
}

// A partition that somebody dropped by hand costs one batch's transaction, not its content.
func TestPartitionDroppedByHand(t *testing.T) {
	t.Parallel()
	b := setup(t, store.Config{})
	b.apply(t, one(2))
	if _, err := b.pool.Exec(t.Context(), "DROP TABLE market_odds_history_"+time.Now().UTC().Format("20060102")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Apply(t.Context(), one(3)); err == nil {
		t.Error("Apply without a partition succeeded")
	}
	if r := b.apply(t, one(3)); r.MarketsChanged != 1 {
		t.Errorf("the same batch again: %+v", r)
	}
	b.sameAfterRestore(t)
}
