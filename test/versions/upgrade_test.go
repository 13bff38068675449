package versions_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// TestUpgrade runs the previous version's binaries beside the present ones: first the scraper is the previous one, then
// it is replaced by the present one on the same database, as an upgrade does. A cache of each version follows both.
//
// The previous version is the one that testdata/version names; PREVIOUS names another one.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it builds another version")
	}
	ref := previousCommit(t)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	old := t.TempDir()
	tree := filepath.Join(t.TempDir(), "tree")
	run(t, root, "git", "worktree", "add", "--detach", tree, ref)
	t.Cleanup(func() {
		if out, err := exec.Command("git", "-C", root, "worktree", "remove", "--force", tree).CombinedOutput(); err != nil {
			t.Errorf("removing the worktree: %v\n%s", err, out)
		}
	})
	run(t, tree, "go", "build", "-o", old+"/", "./services/scraper/cmd/scraper", "./services/cache/cmd/cache")
	world := cluster.SmallWorld(40)
	world.OtherSports, world.MoveShare = 0, 0 // the test alone makes things happen
	w := cluster.StartWorld(t, world)
	c := cluster.Prepare(t, cluster.Config{
		Binaries: cluster.Built(t), DatabaseURL: pgtest.Server(t, postgres.Options{}).URL("postgres"), Site: w.URL, Caches: 2,
		Scraper: func(c *scraper.Config) { c.Grace = time.Second },
	})
	previous, present := cluster.BinariesIn(old), cluster.Built(t)
	c.Caches[0].Binaries = previous
	for _, s := range c.Caches {
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
	}

	var epoch string
	for _, version := range []struct {
		name     string
		binaries *cluster.Binaries
	}{{"previous " + ref, previous}, {"present", present}} {
		if err := version.binaries.Migrate(t.Context(), c.DatabaseURL); err != nil {
			t.Fatal(err)
		}
		c.Scrapers[0].Binaries = version.binaries
		c.StartScraper(t)
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
			revision := c.RunCycle(t, oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED).GetRevision()
			var responses [2][]*oddscachev1.EventSnapshots
			for i, s := range c.Caches {
				ctx, cancel := context.WithTimeout(t.Context(), within)
				if _, err := s.Await(ctx, cluster.Live, revision); err != nil {
					t.Fatal(err)
				}
				cancel()
				responses[i] = everything(t, s.Client)
			}
			equal(t, fmt.Sprintf("scraper %s, cycle %d", version.name, cycle), responses[0], responses[1])
		}
		stats, err := c.Caches[1].Client.GetStats(t.Context(), &oddscachev1.GetStatsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if at := stats.GetFreshness().GetEpoch(); epoch != "" && at != epoch {
			t.Errorf("the upgrade began another history: %s after %s", at, epoch)
		}
		epoch = stats.GetFreshness().GetEpoch()
		t.Logf("scraper %s: both caches hold %d events and %d snapshots at revision %d", version.name, stats.GetTotalEvents(), stats.GetTotalSnapshots(),
			stats.GetFreshness().GetRevision())
		c.StopScraper(t)
	}
}

// previousCommit is the commit of the version before this one, which testdata/version names beside its tag: a clone may have no
// tags. Without that commit the test is skipped.
func previousCommit(t *testing.T) string {
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
