package observability

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// alertNames are the alerts of the file, in its order.
func alertNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^ *- alert: (\w+)$`).FindAllStringSubmatch(file(t, "deploy/alerts.yml"), -1) {
		names = append(names, match[1])
	}
	return names
}

// ofSpeed are the alerts that a machine which does much else at the same time may bring to the brink: they may be
// pending here, and must not fire.
func ofSpeed() []string {
	return []string{"OddscacheCycleSlow", "OddscacheVisibleLate", "OddscacheStorageSlow", "OddscacheLookupsSlow"}
}

// quiet requires that a real Prometheus could evaluate every rule, and that none fires or is about to in a healthy
// pair, now or before.
func quiet(t *testing.T, s *server) {
	t.Helper()
	var rules []rule
	active := func(r rule) bool {
		return r.Health != "ok" || r.State != "inactive" && (r.State != "pending" || !slices.Contains(ofSpeed(), r.Name))
	}
	if !eventually(t, func() bool {
		rules = s.rules(t)
		return !slices.ContainsFunc(rules, active)
	}) {
		for _, r := range slices.DeleteFunc(rules, func(r rule) bool { return !active(r) }) {
			t.Errorf("%s is %s, %s (%s): %v\n%s", r.Name, r.Health, r.State, r.LastError, r.Alerts, r.Query)
		}
		return
	}
	var names []string
	for _, r := range rules {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	if want := slices.Sorted(slices.Values(alertNames(t))); !slices.Equal(names, want) {
		t.Errorf("Prometheus has the rules %v, the file %v", names, want)
	}
	if n, err := s.query(t, `max_over_time(ALERTS{alertstate="firing"}[1h])`); err != nil || n > 0 {
		t.Errorf("%d alerts fired at some time (error %v)", n, err)
	}
	t.Logf("%d rules", len(rules))
}

// TestRules has promtool check the rules, and run the tests of what they do when something is wrong.
func TestRules(t *testing.T) {
	t.Parallel()
	runPromtool(t, "check", "rules", "alerts.yml")
	runPromtool(t, "check", "config", "prometheus.yml")
	runPromtool(t, "test", "rules", "alerts_test.yml")
}

// TestRunbook compares the alerts with the entries of the runbook, both ways.
func TestRunbook(t *testing.T) {
	t.Parallel()
	var entries []string
	text := file(t, "docs/runbook.md")
	parts := regexp.MustCompile(`(?m)^### `).Split(text, -1)
	for _, part := range parts[1:] {
		name, body, _ := strings.Cut(part, "\n")
		entries = append(entries, name)
		for _, section := range []string{"**Means.**", "**Look.**", "**Do.**"} {
			if !strings.Contains(body, section) {
				t.Errorf("the runbook's entry %s lacks %s", name, section)
			}
		}
	}
	if alerts := alertNames(t); !slices.Equal(alerts, entries) {
		t.Errorf("alerts\n%v\nand the runbook's entries\n%v\nare not the same in the same order", alerts, entries)
	}
	for _, metric := range metricsIn(text) {
		if !slices.Contains(documented(t), metric) {
			t.Errorf("the runbook speaks of %s, which docs/metrics.md does not know", metric)
		}
	}
}
