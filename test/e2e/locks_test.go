package e2e

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
)

// lockHeld is how long somebody holds a lock on the history: three leases, or a minute in `make fault-locks`.
func lockHeld() time.Duration {
	if os.Getenv("FAULT_LOCKS") == "1" {
		return time.Minute
	}
	return 6 * time.Second
}

// atOnce bounds what must not wait for a lock, on a machine that does other things as well.
const atOnce = 4 * time.Second

// hold takes a lock in a session of its own and returns what gives it back.
func hold(t *testing.T, url, mode string) (release func()) {
	t.Helper()
	conn := connect(t, url)
	execute(t, conn, "BEGIN")
	execute(t, conn, "LOCK TABLE market_odds_history IN "+mode+" MODE")
	return func() { execute(t, conn, "COMMIT") }
}

// term reads the number of the writer's term; 0 while the scraper is not the writer.
func term(t *testing.T, p *cluster.Cluster) float64 {
	t.Helper()
	v, err := cluster.Metric(t.Context(), p.Scrapers[0].Admin, "oddscache_scraper_lease_term", "")
	if err != nil {
		return 0
	}
	return v
}

// TestBlockedHistoryReadersDoNotStopTheWriter blocks more readers of the history than there are connections.
func TestBlockedHistoryReadersDoNotStopTheWriter(t *testing.T) {
	t.Parallel()
	p := processes(t, cluster.Config{})
	p.StartScraper(t)
	runCycle(t, p)
	first := term(t, p)
	release := hold(t, p.DatabaseURL, "ACCESS EXCLUSIVE")
	history := p.History
	var readers sync.WaitGroup
	var mu sync.Mutex
	responses := make(map[string]int)
	for range 12 {
		readers.Go(func() {
			_, err := history.ListOddsHistory(t.Context(), &oddscachev1.ListOddsHistoryRequest{SrId: "1", MarketId: result})
			mu.Lock()
			defer mu.Unlock()
			responses[status.Code(err).String()+" "+rpcerr.Reason(err)]++
			if status.Code(err) == codes.ResourceExhausted {
				if _, ok := rpcerr.RetryDelay(err); !ok {
					t.Errorf("%v without RetryInfo", err)
				}
			}
		})
	}
	cycles := 0
	for until := time.Now().Add(lockHeld()); time.Now().Before(until); cycles++ {
		began := time.Now()
		resp := runCycle(t, p) // in which no odds move
		if took := time.Since(began); took > atOnce || resp.GetCycle().GetStatus() != succeeded {
			t.Errorf("a cycle beside blocked readers ended %v after %v", resp.GetCycle().GetStatus(), took)
		}
		if _, err := p.Scraper.ListCycles(t.Context(), &oddscachev1.ListCyclesRequest{}); err != nil {
			t.Errorf("ListCycles beside blocked readers: %v", err)
		}
		if now := term(t, p); now != first {
			t.Fatalf("the writer's term is %v, was %v", now, first)
		}
	}
	readers.Wait()
	release()
	t.Logf("%d cycles; the readers were answered %v", cycles, responses)
	if responses["ResourceExhausted TOO_MANY_READS"] < 6 || responses["DeadlineExceeded READ_TIMEOUT"] < 1 {
		t.Errorf("the readers were answered %v, want most refused and the others timed out", responses)
	}
	if _, err := history.ListOddsHistory(t.Context(), &oddscachev1.ListOddsHistoryRequest{SrId: "1", MarketId: result}); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// TestLockedHistoryDoesNotStopTakeoverOrCycles holds a lock such as ANALYZE's while a partition of the days ahead is
// missing: when a term begins, and at the ends of cycles.
func TestLockedHistoryDoesNotStopTakeoverOrCycles(t *testing.T) {
	t.Parallel()
	w := world(t, nil)
	p := processes(t, cluster.Config{Site: w.URL})
	p.StartScraper(t)
	runCycle(t, p)
	admin := connect(t, p.DatabaseURL)
	third := time.Now().UTC().AddDate(0, 0, 3).Format("20060102")
	cluster.Poll(t, 20*time.Second, func() bool { return slices.Contains(historyDays(t, admin), third) })
	p.StopScraper(t)
	execute(t, admin, "DROP TABLE market_odds_history_"+third)

	release := hold(t, p.DatabaseURL, "SHARE UPDATE EXCLUSIVE")
	began := time.Now()
	p.StartScraper(t)
	runCycle(t, p)
	if took := time.Since(began); took > 2*atOnce {
		t.Errorf("the next writer's first cycle ended %v after its start", took)
	}
	for until := time.Now().Add(lockHeld()); time.Now().Before(until); {
		w.MoveOdds(0.2, 1) // history is written meanwhile
		began := time.Now()
		if resp := runCycle(t, p); resp.GetCycle().GetStatus() != succeeded || time.Since(began) > atOnce {
			t.Errorf("a cycle beside the lock ended %v (%s) after %v", resp.GetCycle().GetStatus(), resp.GetCycle().GetReason(), time.Since(began))
		}
	}
	if slices.Contains(historyDays(t, admin), third) {
		t.Error("the partition was made although the lock is held, so the test shows nothing")
	}
	release()
	if !cluster.Poll(t, 90*time.Second, func() bool { return slices.Contains(historyDays(t, admin), third) }) {
		t.Error("the partition was not made within 90 s after the lock was given back")
	}
}

// historyDays are the days that have partitions.
func historyDays(t *testing.T, conn *pgx.Conn) (days []string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT right(inhrelid::regclass::text, 8) FROM pg_inherits WHERE inhparent = 'market_odds_history'::regclass`)
	if err == nil {
		days, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatalf("listing partitions: %v", err)
	}
	return days
}

// TestReadsWhilePostgresIsAway asks for everything that is read from Postgres while it stops, is away, and comes back.
func TestReadsWhilePostgresIsAway(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts processes")
	}
	server := pgtest.Server(t, postgres.Options{})
	if err := cluster.Migrate(t.Context(), server.URL("postgres")); err != nil {
		t.Fatal(err)
	}
	p := processes(t, cluster.Config{DatabaseURL: server.URL("postgres")})
	p.StartScraper(t)
	id := runCycle(t, p).GetCycle().GetCycleId()
	history := p.History
	reads := map[string]func(context.Context) error{
		"ListCycles": func(ctx context.Context) error {
			_, err := p.Scraper.ListCycles(ctx, &oddscachev1.ListCyclesRequest{})
			return err
		},
		"GetCycle": func(ctx context.Context) error {
			_, err := p.Scraper.GetCycle(ctx, &oddscachev1.GetCycleRequest{CycleId: id})
			return err
		},
		"ListOddsHistory": func(ctx context.Context) error {
			_, err := history.ListOddsHistory(ctx, &oddscachev1.ListOddsHistoryRequest{SrId: "1", MarketId: result})
			return err
		},
		"ListMarginHistory": func(ctx context.Context) error {
			_, err := history.ListMarginHistory(ctx, &oddscachev1.ListMarginHistoryRequest{SrId: "1", MarketId: result})
			return err
		},
		"GetStorageStats": func(ctx context.Context) error {
			_, err := history.GetStorageStats(ctx, &oddscachev1.GetStorageStatsRequest{})
			return err
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	away := make(chan string, len(reads)) // names of those that were answered UNAVAILABLE
	for name, read := range reads {
		calling.Go(func() { // until stop
			seen := false
			for ctx.Err() == nil {
				err := read(t.Context())
				_, retry := rpcerr.RetryDelay(err)
				switch {
				case err == nil:
				case status.Code(err) == codes.Unavailable && rpcerr.Reason(err) == "DATABASE_AWAY" && retry:
					if !seen {
						seen = true
						away <- name
					}
				default:
					t.Errorf("%s while Postgres comes and goes: %v, reason %s", name, err, rpcerr.Reason(err))
					return
				}
			}
		})
	}
	for _, end := range []func() error{server.Halt, server.Kill} {
		if err := end(); err != nil {
			t.Error(err)
		}
		<-time.After(time.Second) // it is away for so long
		if err := server.Restart(t.Context()); err != nil {
			t.Error(err)
		}
		cluster.Poll(t, 20*time.Second, func() bool { return reads["ListCycles"](t.Context()) == nil })
	}
	stop()
	calling.Wait()
	if len(away) != len(reads) {
		t.Errorf("%d of %d rpcs were answered UNAVAILABLE", len(away), len(reads))
	}
	for name, read := range reads {
		if err := read(t.Context()); err != nil {
			t.Errorf("%s after Postgres came back: %v", name, err)
		}
	}
	runCycle(t, p)
}
