package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/faketime"
)

// clockStep is a way in which clocks go wrong for a cycle.
type clockStep struct {
	where   string // scraper, database, both
	by      time.Duration
	restart bool // the scraper is started anew while they are wrong, and again when they are right
}

// clockSteps is the whole matrix, and of it the short form that runs everywhere.
func clockSteps() []clockStep {
	if os.Getenv("FAULT_CLOCKS") != "1" {
		return []clockStep{{"scraper", 30 * time.Hour, false}, {"database", 72 * time.Hour, false}, {"both", -3 * time.Hour, true}}
	}
	var all []clockStep
	for _, where := range []string{"scraper", "database", "both"} {
		for _, by := range []time.Duration{3 * time.Hour, 30 * time.Hour, 72 * time.Hour, -3 * time.Hour} {
			all = append(all, clockStep{where, by, false}, clockStep{where, by, true})
		}
	}
	return all
}

// TestClockSteps sets the clocks of the scraper and of a real Postgres wrong for one cycle each, then right: no event is
// evicted before its time, every price moves in every cycle, the cache answers what Postgres holds, nothing is stamped
// with a time of the future, and each cycle says what it was. `make fault-clocks` runs the whole matrix.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts processes")
	}
	for _, step := range clockSteps() {
		t.Run(fmt.Sprintf("%s %v restart %v", step.where, step.by, step.restart), func(t *testing.T) {
			t.Parallel()
			database := faketime.New(t)
			var own atomic.Int64
			server := pgtest.Server(t, postgres.Options{Env: database.Env()})
			url := server.URL("postgres")
			if err := cluster.Migrate(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			w := world(t, nil)
			p := cluster.Start(t, cluster.Config{DatabaseURL: url, Site: w.URL, Scraper: func(c *scraper.Config) {
				c.Clock = func() time.Time { return time.Now().Add(time.Duration(own.Load())) }
			}})
			set := func(ahead time.Duration) {
				if step.where != "database" {
					own.Store(int64(ahead))
				}
				if step.where != "scraper" {
					database.Set(t, ahead)
				}
				if step.restart {
					p.StopScraper(t)
					p.StartScraper(t)
				}
			}
			round := uint64(0)
			cycle := func(status oddscachev1.CycleStatus) *oddscachev1.Cycle {
				t.Helper()
				round++
				w.MoveOdds(1, round)
				ended := p.RunCycle(t, status)
				c := ended.GetCycle()
				if c.GetEvictedEvents() != 0 {
					t.Errorf("%d events evicted", c.GetEvictedEvents())
				}
				if n, _ := compareOffered(t, w, p, ended.GetRevision()); n < 10_000 {
					t.Errorf("only %d prices compared", n)
				}
				if rows, err := cluster.ReadRows(t.Context(), url); err != nil {
					t.Error(err)
				} else if _, err := rows.Compare(t.Context(), p.Cache); err != nil {
					t.Errorf("the cache is not what Postgres holds: %v", err)
				}
				for what, at := range map[string]time.Time{"began": c.GetStartedAt().AsTime(), "ended": c.GetFinishedAt().AsTime()} {
					if time.Until(at) > time.Minute {
						t.Errorf("the cycle %s %v in the future", what, time.Until(at))
					}
				}
				if took := c.GetFinishedAt().AsTime().Sub(c.GetStartedAt().AsTime()); took < 0 || took > 5*time.Minute {
					t.Errorf("the cycle took %v", took)
				}
				requireNoFuture(t, url)
				t.Logf("%v after %v: %s", c.GetStatus(), c.GetFinishedAt().AsTime().Sub(c.GetStartedAt().AsTime()), c.GetReason())
				return c
			}
			if c := cycle(succeeded); len(c.GetClocks()) != 5 {
				t.Errorf("clocks %v", c.GetClocks())
			}
			set(step.by)
			wrong := cycle(oddscachev1.CycleStatus_CYCLE_STATUS_PARTIAL)
			if !strings.HasPrefix(wrong.GetReason(), "CLOCK_SKEW: ") {
				t.Errorf("the reason of the cycle with wrong clocks is %q", wrong.GetReason())
			}
			set(0)
			cycle(succeeded)
			kept, err := p.Scraper.ListCycles(t.Context(), &oddscachev1.ListCyclesRequest{})
			if err != nil || len(kept.GetCycles()) != 3 || kept.GetCycles()[1].GetReason() != wrong.GetReason() || len(kept.GetCycles()[1].GetClocks()) != 5 {
				t.Errorf("listed %v, error %v", kept.GetCycles(), err)
			}
		})
	}
}

// requireNoFuture requires that Postgres holds no stamp of the future.
func requireNoFuture(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var newest *time.Time
	err = conn.QueryRow(t.Context(), `SELECT greatest(
		(SELECT max(greatest(captured_at, last_confirmed_at, requested_at)) FROM snapshots),
		(SELECT max(captured_at) FROM market_odds_history),
		(SELECT max(greatest(started_at, finished_at)) FROM cycles),
		(SELECT evict_kickoff_before + interval '2 hours' FROM feed_state))`).Scan(&newest)
	if err != nil || newest == nil || time.Until(*newest) > time.Minute {
		t.Errorf("Postgres holds a stamp of %v, error %v", newest, err)
	}
}
