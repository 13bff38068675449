package versions_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/postgres"
	rpcclient "github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/pair"
	"github.com/oddscache/oddscache/test/process"
)

// TestUpgrade runs the previous version's binaries beside the present ones: first the scraper is the previous one, then
// it is replaced by the present one on the same database, as an upgrade does. A cache of each version follows both.
//
// The previous version is the one that testdata/version names; PREVIOUS names another one.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	ref := previous(t)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	old, present := t.TempDir(), t.TempDir()
	tree := filepath.Join(t.TempDir(), "tree")
	run(t, root, "git", "worktree", "add", "--detach", tree, ref)
	t.Cleanup(func() {
		if out, err := exec.Command("git", "-C", root, "worktree", "remove", "--force", tree).CombinedOutput(); err != nil {
			t.Errorf("removing the worktree: %v\n%s", err, out)
		}
	})
	for from, to := range map[string]string{tree: old, root: present} {
		run(t, from, "go", "build", "-o", to+"/", "./services/scraper/cmd/scraper", "./services/cache/cmd/cache")
	}
	w, site := simulated(t)
	database, err := postgres.Start(t.Context(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Stop(); err != nil {
			t.Error(err)
		}
	})
	u := &upgrade{database: database.URL("postgres"), site: site, feed: listenOnce(t)}
	caches := map[string]oddscachev1.OddsCacheServiceClient{"previous": u.cache(t, old, "previous"), "present": u.cache(t, present, "present")}

	var epoch string
	for _, version := range []struct{ name, bin string }{{"previous " + ref, old}, {"present", present}} {
		run(t, root, "env", "SCRAPER_DATABASE_URL="+u.database, filepath.Join(version.bin, "scraper"), "migrate")
		scraper := u.scraper(t, version.bin)
		for cycle := range 4 {
			switch cycle {
			case 1:
				w.MoveOdds(0.1, uint64(len(epoch)+cycle))
			case 2:
				event := w.Events()[len(epoch)%7]
				if err := w.Postpone(event.SrID, time.Now().Add(3*time.Second)); err != nil {
					t.Fatal(err)
				}
			case 3:
				if _, err := w.Recreate(sim.Bet9ja, w.Events()[9].SrID); err != nil {
					t.Fatal(err)
				}
			}
			revision := u.runCycle(t)
			answers := make(map[string][]*oddscachev1.EventSnapshots)
			for name, client := range caches {
				reach(t, name, client, revision)
				answers[name] = everything(t, client)
			}
			equal(t, fmt.Sprintf("scraper %s, cycle %d", version.name, cycle), answers["previous"], answers["present"])
		}
		stats, err := caches["present"].GetStats(t.Context(), &oddscachev1.GetStatsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if at := stats.GetFreshness().GetEpoch(); epoch != "" && at != epoch {
			t.Errorf("the upgrade began another history: %s after %s", at, epoch)
		}
		epoch = stats.GetFreshness().GetEpoch()
		t.Logf("scraper %s: both caches hold %d events and %d snapshots at revision %d", version.name, stats.GetTotalEvents(), stats.GetTotalSnapshots(),
			stats.GetFreshness().GetRevision())
		scraper.Stop(t, within)
	}
}

// previous is the commit of the version before this one, which testdata/version names beside its tag: a clone may have no
// tags. Without that commit the test is skipped.
func previous(t *testing.T) string {
	t.Helper()
	ref := os.Getenv("PREVIOUS")
	if ref == "" {
		text, err := os.ReadFile("testdata/version")
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(text))
		if len(fields) != 2 {
			t.Fatalf("testdata/version holds %q, want a tag and its commit", text)
		}
		ref = fields[1]
	}
	if err := exec.CommandContext(t.Context(), "git", "cat-file", "-e", ref+"^{commit}").Run(); err != nil {
		t.Skipf("SKIPPED: this clone does not have %s; PREVIOUS=commit names another", ref)
	}
	return ref
}

// run runs a command to its end.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// simulated is a small world in which only the test makes things happen.
func simulated(t *testing.T) (w *sim.World, site string) {
	t.Helper()
	cfg := sim.DefaultConfig()
	cfg.Events, cfg.Offered, cfg.OtherSports, cfg.MoveShare, cfg.Life = 40, [3]int{32, 38, 36}, 0, 0, sim.Life{}
	w, err := sim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.Combined())
	t.Cleanup(server.Close)
	return w, server.URL
}

// upgrade is where everything is; only the binaries change.
type upgrade struct{ database, site, feed string }

func listenOnce(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).String()
}

func (u *upgrade) scraper(t *testing.T, bin string) *process.Process {
	t.Helper()
	return launch(t, bin, "scraper", "SCRAPER_DATABASE_URL="+u.database, "SCRAPER_LISTEN="+u.feed, "SCRAPER_ADMIN_LISTEN=127.0.0.1:0",
		"SCRAPER_INTERVAL=0", "SCRAPER_GRACE=1s", "SCRAPER_BET9JA_SPACING=1ms",
		"SCRAPER_BETPAWA_URL="+u.site, "SCRAPER_SPORTYBET_URL="+u.site, "SCRAPER_BET9JA_URL="+u.site)
}

func (u *upgrade) cache(t *testing.T, bin, name string) oddscachev1.OddsCacheServiceClient {
	t.Helper()
	addr := listenOnce(t)
	launch(t, bin, "cache", "CACHE_FEED="+u.feed, "CACHE_LISTEN="+addr, "CACHE_ADMIN_LISTEN=127.0.0.1:0", "CACHE_REPLICA_ID="+name)
	conn, err := rpcclient.New(addr, rpcclient.Options{WaitForReady: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return oddscachev1.NewOddsCacheServiceClient(conn)
}

func launch(t *testing.T, bin, name string, env ...string) *process.Process {
	t.Helper()
	p, err := process.Launch(filepath.Join(bin, name), name, t.Output(), []string{"serve"}, env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// runCycle runs a cycle to its end, as soon as the scraper is the writer.
func (u *upgrade) runCycle(t *testing.T) (revision int64) {
	t.Helper()
	conn, err := rpcclient.New(u.feed, rpcclient.Options{WaitForReady: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var done *oddscachev1.RunCycleResponse
	pair.Poll(t, within, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		done, err = oddscachev1.NewScraperServiceClient(conn).RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true})
		return rpcerr.Reason(err) != "NOT_WRITER"
	})
	if err != nil || done.GetCycle().GetStatus() != oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED {
		t.Fatalf("cycle %v (%s): %v", done.GetCycle().GetStatus(), done.GetCycle().GetReason(), err)
	}
	return done.GetRevision()
}

// reach waits until a cache is live at a revision.
func reach(t *testing.T, name string, client oddscachev1.OddsCacheServiceClient, revision int64) {
	t.Helper()
	var last error
	ok := pair.Poll(t, within, func() bool {
		stats, err := client.GetStats(t.Context(), &oddscachev1.GetStatsRequest{})
		f := stats.GetFreshness()
		last = errors.Join(err, fmt.Errorf("it is %v at %d", f.GetState(), f.GetRevision()))
		return err == nil && f.GetRevision() >= revision && f.GetState() == oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE
	})
	if !ok {
		t.Fatalf("the %s cache did not come to revision %d within %v: %v", name, revision, within, last)
	}
}

// everything is all that a cache holds.
func everything(t *testing.T, client oddscachev1.OddsCacheServiceClient) (all []*oddscachev1.EventSnapshots) {
	t.Helper()
	for token := ""; ; {
		page, err := client.ListEvents(t.Context(), &oddscachev1.ListEventsRequest{IncludeSnapshots: true, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.GetEvents()...)
		if token = page.GetNextPageToken(); token == "" {
			return all
		}
	}
}

func equal(t *testing.T, when string, previous, present []*oddscachev1.EventSnapshots) {
	t.Helper()
	if len(previous) != len(present) || len(present) == 0 {
		t.Fatalf("%s: the previous cache holds %d events, the present one %d", when, len(previous), len(present))
	}
	for i := range present {
		if !proto.Equal(previous[i], present[i]) {
			t.Fatalf("%s: the previous cache answers\n%v\nthe present one\n%v", when, previous[i].GetEvent(), present[i].GetEvent())
		}
	}
}
