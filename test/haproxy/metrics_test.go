package haproxy

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestMetricsExist looks for every metric of HAProxy that dashboard, alerts and docs speak of among those that it shows.
func TestMetricsExist(t *testing.T) {
	t.Parallel()
	caches := newFleet(t, 1)
	p := start(t, caches, committed(t))
	p.sees(t, 1)
	_, shown := p.page(t, "/metrics?no-maint")
	spoken := 0
	for _, path := range []string{"deploy/grafana/dashboards/oddscache.json", "deploy/alerts.yml", "docs/metrics.md", "docs/runbook.md"} {
		text, err := os.ReadFile(filepath.Join("../..", path))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\bhaproxy_\w+`).FindAllString(string(text), -1) {
			spoken++
			if !regexp.MustCompile(`(?m)^` + name + `\{`).MatchString(shown) {
				t.Errorf("%s speaks of %s, which HAProxy does not show", path, name)
			}
		}
	}
	if spoken == 0 {
		t.Error("nobody speaks of HAProxy's metrics")
	}
}
