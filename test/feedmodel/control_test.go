package feedmodel

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// most is after how many histories a control that was not caught counts as missed.
const most = 3000

// begins is the line before every history of a control's build.
const begins = "history begins"

// hunt runs histories until one fails, and returns how many that took; 0 if none of the first limit did.
func hunt(t *testing.T, limit int, rules Rules, drops bool) (int, error) {
	t.Helper()
	histories := Histories(drops)
	for n := 1; n <= limit; n++ {
		if os.Getenv("FEEDMODEL_HUNT") != "" {
			fmt.Fprintln(os.Stdout, begins) // counted when the history panics
		}
		if _, err := inBubble(t, histories.Example(n), rules, drops); err != nil {
			return n, err
		}
	}
	return 0, nil
}

// TestLostBatchesAreGaps is the control's control: with the rules as they are a lost batch is noticed, and mended by a
// resume alone.
func TestLostBatchesAreGaps(t *testing.T) {
	t.Parallel()
	if n, err := hunt(t, 40, Rules{}, true); err != nil {
		t.Errorf("history %d: %v\n%s", n, err, Show(Histories(true).Example(n)))
	}
}

// TestWritersWithOneRuleChangedAreCaught runs the controls whose rule lives in the test's writer.
func TestWritersWithOneRuleChangedAreCaught(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it runs histories until a change is noticed")
	}
	for _, c := range Controls() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			n, err := hunt(t, most, c.Rules, false)
			if err == nil {
				t.Fatalf("not caught by %d histories", most)
			}
			t.Logf("caught by history %d: %s", n, firstLine(err))
		})
	}
}

// TestBuildsWithOneRuleChangedAreCaught builds the patches that histories must catch, and runs TestHunt in them.
// Building takes its time: FEEDMODEL_CONTROLS=1 asks for it.
func TestBuildsWithOneRuleChangedAreCaught(t *testing.T) { //nolint:paralleltest // every build takes all cores
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it runs histories until a change is noticed")
	}
	if os.Getenv("FEEDMODEL_CONTROLS") == "" {
		t.Skip("builds every control: set FEEDMODEL_CONTROLS=1")
	}
	for _, p := range patches(t) {
		if p.pkg != ownPackage {
			continue
		}
		t.Run(p.rule, func(t *testing.T) {
			cmd := p.testCommand(t, "-timeout=20m", "-v")
			cmd.Env = append(os.Environ(), "FEEDMODEL_HUNT="+strconv.FormatBool(p.drops))
			out, err := cmd.CombinedOutput()
			caught := regexp.MustCompile(`caught by history .*`).FindString(string(out))
			if begun := strings.Count(string(out), begins); err != nil && begun > 0 && strings.Contains(string(out), "panic:") {
				caught, err = fmt.Sprintf("caught by history %d: it panics", begun), nil
			}
			if err != nil || caught == "" {
				t.Fatalf("not caught: %v\n%s", err, out)
			}
			t.Log(caught)
		})
	}
}

// TestPackagesWithOneRuleChangedAreCaught builds the patches that a package's own tests must catch, and runs those: the
// rules of the scraper's store, against a real Postgres.
func TestPackagesWithOneRuleChangedAreCaught(t *testing.T) { //nolint:paralleltest // every build takes all cores
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it runs histories until a change is noticed")
	}
	if os.Getenv("FEEDMODEL_CONTROLS") == "" {
		t.Skip("builds every control: set FEEDMODEL_CONTROLS=1")
	}
	for _, p := range patches(t) {
		if p.pkg == ownPackage {
			continue
		}
		t.Run(p.rule, func(t *testing.T) {
			cmd := p.testCommand(t, "-timeout=10m", "-rapid.nofailfile") // it is meant to fail
			cmd.Env = append(os.Environ(), "REQUIRE_POSTGRES=1")
			out, err := cmd.CombinedOutput()
			failed := regexp.MustCompile(`(?m)^--- FAIL: (\w+)`).FindAllStringSubmatch(string(out), -1)
			if err == nil || len(failed) == 0 {
				t.Fatalf("not caught: %v\n%s", err, out)
			}
			for _, f := range failed {
				t.Logf("caught by %s", f[1])
			}
		})
	}
}

// TestHunt is what runs in a control's build.
func TestHunt(t *testing.T) { //nolint:paralleltest // it is alone in its run
	drops, err := strconv.ParseBool(os.Getenv("FEEDMODEL_HUNT"))
	if err != nil {
		t.Skip("runs in the builds of TestBuildsWithOneRuleChangedAreCaught")
	}
	n, err := hunt(t, most, Rules{}, drops)
	if err == nil {
		t.Fatalf("not caught by %d histories", most)
	}
	t.Logf("caught by history %d: %s", n, firstLine(err))
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	return line
}
