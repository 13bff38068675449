package upkeep_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// fill makes partitions of the days that lie so far behind now, with a row in each.
func fill(t *testing.T, admin *pgxpool.Pool, now time.Time, behind ...int) {
	t.Helper()
	for _, n := range behind {
		day := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -n)
		_, err := admin.Exec(t.Context(), "SELECT history_make_partition($1)", day)
		if err == nil {
			_, err = admin.Exec(t.Context(), `INSERT INTO market_odds_history VALUES ($1, 1, 1, NULL, true, '1', '1', '[]')`, day.Add(time.Hour))
		}
		if err != nil {
			t.Fatalf("filling the history of %v: %v", day, err)
		}
	}
}

// upTo lists the numbers from 0 to n.
func upTo(n int) []int {
	all := make([]int, n+1)
	for i := range all {
		all[i] = i
	}
	return all
}

// TestNoClockDropsHistory runs upkeep with clocks that are wrong in every way, at a scraper with its least rights.
func TestNoClockDropsHistory(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		scraper, database time.Duration // how far the clocks are ahead
		behind            []int         // days of history, by their distance to the true today
		seen              time.Duration // for how long upkeep has seen the database's clock run; 0 for never
		runs              int           // the writer's own included
		lost              int           // days that go in these runs
		rejection         string        // of the last run
	}{
		"scraper 20 days ahead":               {scraper: 20 * day, behind: upTo(13), runs: 3, rejection: "CLOCKS_DISAGREE"},
		"scraper 2 minutes ahead":             {scraper: 2 * time.Minute, behind: upTo(15), seen: 2 * time.Hour, runs: 2, rejection: "CLOCKS_DISAGREE"},
		"scraper 2 minutes behind":            {scraper: -2 * time.Minute, behind: upTo(15), seen: 2 * time.Hour, runs: 2, rejection: "CLOCKS_DISAGREE"},
		"scraper 30 s ahead":                  {scraper: 30 * time.Second, behind: upTo(15), runs: 3, lost: 1},
		"database 3 days ahead":               {database: 3 * day, behind: upTo(13), seen: 2 * time.Hour, runs: 3, rejection: "CLOCKS_DISAGREE"},
		"database 20 days behind":             {database: -20 * day, behind: upTo(15), seen: 2 * time.Hour, runs: 2, rejection: "CLOCKS_DISAGREE"},
		"both 20 days ahead":                  {scraper: 20 * day, database: 20 * day, behind: upTo(13), seen: 2 * time.Hour, runs: 3, rejection: "CLOCK_JUMPED"},
		"both 20 days ahead from the start":   {scraper: 20 * day, database: 20 * day, behind: upTo(13), runs: 3, rejection: "CLOCK_JUMPED"},
		"both 20 days ahead on the first day": {scraper: 20 * day, database: 20 * day, behind: upTo(0), runs: 3, rejection: "NEWEST_ROWS"},
		"an ordinary night":                   {behind: upTo(15), runs: 3, lost: 1},
		"an ordinary night after a day off":   {behind: []int{2, 3, 4, 15}, runs: 3, lost: 1},
		"nothing is due":                      {behind: upTo(14), runs: 2},
		"back after a week":                   {behind: []int{0, 8, 9, 15, 16, 17, 18}, runs: 2, rejection: "CLOCK_JUMPED"},
		"an hour later it drains":             {behind: []int{0, 8, 9, 15, 16, 17, 18}, seen: 61 * time.Minute, runs: 3, lost: 3},
		"retention was shortened":             {behind: upTo(17), seen: 61 * time.Minute, runs: 2, lost: 2},
		"the newest rows are old":             {behind: []int{15}, runs: 2, rejection: "NEWEST_ROWS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own, admin := storetest.Limited(t)
			now := time.Now().UTC().Truncate(day).Add(12 * time.Hour)
			fill(t, admin, now, tt.behind...)
			storetest.SetHistoryClock(t, admin, now.Add(tt.database))
			if tt.seen > 0 {
				// Upkeep has seen the clock before it jumped.
				if _, err := admin.Exec(t.Context(), "INSERT INTO history_upkeep (seen_from, seen_until) VALUES ($1, $2)", now.Add(-tt.seen), now); err != nil {
					t.Fatal(err)
				}
			}
			s := store.New(own, store.Config{Now: func() time.Time { return now.Add(tt.scraper) }}, storetest.Logger(t))
			b := &storetest.Testbed{Pool: admin, Store: s}
			before := b.Rows(t, "market_odds_history")
			b.MustAcquire(t)
			defer b.Release(context.Background())
			storetest.Eventually(t, "the writer's own run", func() bool { return s.Upkeep().Runs > 0 })
			k := upkeep.New(upkeep.Config{
				Retention: 14 * day, Ahead: 3, Now: func() time.Time { return now.Add(tt.scraper) },
			}, own, new(upkeep.Counters), storetest.Logger(t))
			var last error
			for range tt.runs - 1 {
				last = k.Once(t.Context())
			}
			if lost := before - b.Rows(t, "market_odds_history"); lost != tt.lost {
				t.Errorf("%d days of history were lost, want %d; last run: %v", lost, tt.lost, last)
			}
			if tt.rejection == "" && last != nil || tt.rejection != "" && (!errors.Is(last, upkeep.ErrKept) || !strings.Contains(last.Error(), tt.rejection)) {
				t.Errorf("the last run: %v, want %q", last, tt.rejection)
			}
		})
	}
}

// What a scraper's role, or a scraper of before, can call drops nothing that is not old by the database's clock.
func TestNoCallerDropsHistory(t *testing.T) {
	t.Parallel()
	own, admin := storetest.Limited(t)
	fill(t, admin, time.Now(), upTo(3)...)
	for _, statement := range []string{
		"SELECT history_drop_partition(current_date + 20)", "SELECT history_drop_partition(current_date)",
		"SELECT history_drop_day(14, now() + interval '20 days')", "SELECT history_drop_day(4, now())", "SELECT history_drop_day(0, now())",
		"SELECT history_drop_day(-20, now())", "SELECT history_drop_day(NULL, NULL)", "INSERT INTO history_upkeep VALUES (true, '2000-01-01', now())",
		"CREATE OR REPLACE FUNCTION history_clock() RETURNS timestamptz LANGUAGE sql AS 'SELECT now() + interval ''20 days'''",
	} {
		_, _ = own.Exec(t.Context(), statement) // rejected or without effect
	}
	if diff := cmp.Diff(storetest.Days(time.Now().AddDate(0, 0, -3), 4), storetest.Partitions(t, admin)); diff != "" {
		t.Errorf("partitions (-want +got):\n%s", diff)
	}
}

// What is dropped is said with its rows, and counted.
func TestDroppedHistoryIsLogged(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts servers of its own")
	}
	own, admin := storetest.Limited(t)
	fill(t, admin, time.Now(), 0, 0, 15, 15, 15)
	b := storetest.On(t, own, store.Config{})
	storetest.Eventually(t, "the old day to go", func() bool { return b.Store.Upkeep().Dropped == 1 })
	if c := b.Store.Upkeep(); c.DroppedRows != 3 {
		t.Errorf("counted %+v, want 3 rows dropped", c)
	}
}

// TestUpkeepBesideLocks holds locks on the history for long: neither a cycle's end nor a takeover waits for them, and
// the partitions are made when they are gone.
func TestUpkeepBesideLocks(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"SHARE UPDATE EXCLUSIVE" /* ANALYZE */, "ACCESS EXCLUSIVE"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t, storetest.Migrated)
			cfg := store.Config{LeaseFor: 3 * time.Second}
			b := storetest.On(t, pool, cfg)
			storetest.Eventually(t, "the days ahead", func() bool { return len(storetest.Partitions(t, pool)) == 4 })
			ahead := storetest.Partitions(t, pool)[2]
			if _, err := pool.Exec(t.Context(), "DROP TABLE market_odds_history_"+ahead); err != nil {
				t.Fatal(err)
			}
			release := storetest.Lock(t, pool, "LOCK TABLE market_odds_history IN "+mode+" MODE")

			began := time.Now()
			if err := b.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.MustAcquire(t)
			if took := time.Since(began); took > time.Second {
				t.Errorf("a takeover took %v", took)
			}
			for range 3 {
				began := time.Now()
				b.MustCycle(t, store.Succeeded)
				if took := time.Since(began); took > time.Second {
					t.Errorf("a cycle's end took %v", took)
				}
			}
			storetest.Eventually(t, "upkeep to fail", func() bool { return b.Store.Upkeep().Failed > 0 })
			if n, err := b.Store.DaysAhead(t.Context()); err != nil || n != 1 {
				t.Errorf("%d days are ahead (%v), want 1", n, err)
			}
			release()
			storetest.Eventually(t, "the partition to be made", func() bool { return slices.Contains(storetest.Partitions(t, pool), ahead) })
			if n, err := b.Store.DaysAhead(t.Context()); err != nil || n != 3 {
				t.Errorf("%d days are ahead (%v), want 3", n, err)
			}
			if !b.Held() {
				t.Errorf("the lease was lost: %v", b.Err())
			}
		})
	}
}

// Today's partition is missing and cannot be made, as a lock is held: the commit says so soon, and succeeds later.
func TestTodaysPartitionIsMissingBehindALock(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	storetest.Eventually(t, "the days ahead", func() bool { return len(storetest.Partitions(t, b.Pool)) == 4 })
	if _, err := b.Pool.Exec(t.Context(), "DROP TABLE market_odds_history_"+time.Now().UTC().Format("20060102")); err != nil {
		t.Fatal(err)
	}
	if err := b.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	release := storetest.Lock(t, b.Pool, "LOCK TABLE market_odds_history IN SHARE UPDATE EXCLUSIVE MODE")
	b.MustAcquire(t) // it does not know the day any more
	began := time.Now()
	_, err := b.Apply(t.Context(), storetest.One(2))
	if took := time.Since(began); err == nil || took > 5*time.Second {
		t.Fatalf("Apply without a partition: %v after %v", err, took)
	}
	for _, part := range []string{"partition of " + time.Now().UTC().Format(time.DateOnly), "holds a lock"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	if answer := new(pgconn.PgError); !errors.As(err, &answer) || answer.Code != "55P03" {
		t.Errorf("the error has not Postgres's: %v", err)
	}
	release()
	if r := b.MustApply(t, storetest.One(2)); r.MarketsChanged != 1 {
		t.Errorf("the same batch again: %+v", r)
	}
	b.CheckRestore(t)
}

// Two make the partition of a day at once, as upkeep and a commit may: the second waits and finds it.
func TestPartitionIsMadeOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, storetest.Migrated)
	const statement = "SELECT history_make_partition('2031-05-06')"
	first, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Rollback(context.Background()) }()
	var made bool
	if err := first.QueryRow(t.Context(), statement).Scan(&made); err != nil || !made {
		t.Fatalf("the first: %v, %v", made, err)
	}
	second := make(chan error, 1)
	go func() { // ends when the first has committed
		var made bool
		err := pool.QueryRow(t.Context(), statement).Scan(&made)
		if err == nil && made {
			err = errors.New("it was made twice")
		}
		second <- err
	}()
	storetest.Eventually(t, "the second to wait", func() bool {
		var waiting bool
		err := pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "+
			"(SELECT oid FROM pg_database WHERE datname = current_database()))").Scan(&waiting)
		return err == nil && waiting
	})
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := storetest.Wait(t, "the second", second); err != nil {
		t.Errorf("the second: %v", err)
	}
}

// The upkeep ends with its term, even when it waits for a lock.
func TestUpkeepEndsWithTheTerm(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	storetest.Lock(t, b.Pool, "LOCK TABLE market_odds_history IN ACCESS EXCLUSIVE MODE")
	if err := b.BeginCycle(t.Context(), uuid.Must(uuid.NewV7()).String(), time.Now()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := b.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("releasing the writer took %v", took)
	}
	var waiting int
	storetest.Eventually(t, "its statements to end", func() bool {
		err := b.Pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE '%history_%' AND state = 'active' AND pid <> pg_backend_pid()`).Scan(&waiting)
		return err == nil && waiting == 0
	})
}
