package observability

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/certs/certtest"
	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
)

// metric is a metric's type and its labels, those of the scrape apart.
type metric struct {
	Type   string
	Labels string // sorted, comma between
}

// ours are the metrics that docs/metrics.md describes one by one; the runtime's and the process's are known elsewhere.
var ours = regexp.MustCompile(`^(oddscache|grpc)_`) //nolint:gochecknoglobals // a constant

// shown reads what a /metrics page shows of our own metrics.
func shown(text []byte, into map[string]metric) {
	types := make(map[string]string)
	for _, match := range regexp.MustCompile(`(?m)^# TYPE (\w+) (\w+)$`).FindAllSubmatch(text, -1) {
		types[string(match[1])] = string(match[2])
	}
	label := regexp.MustCompile(`(\w+)="`)
	for _, match := range regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? \S+$`).FindAllSubmatch(text, -1) {
		name := string(match[1])
		if types[name] == "" { // a histogram's parts
			name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		}
		if !ours.MatchString(name) {
			continue
		}
		var labels []string
		for _, l := range label.FindAllSubmatch(match[2], -1) {
			if string(l[1]) != "le" {
				labels = append(labels, string(l[1]))
			}
		}
		slices.Sort(labels)
		into[name] = metric{Type: types[name], Labels: strings.Join(labels, ", ")}
	}
}

// row is a line of the tables of docs/metrics.md: | `name` | type | labels | unit | what it answers |.
var row = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\| ([^|]*) \\| ([^|]*) \\| ([^|]+) \\|$") //nolint:gochecknoglobals // a constant

// described reads docs/metrics.md.
func described(t *testing.T) map[string]metric {
	t.Helper()
	all := make(map[string]metric)
	for _, match := range row.FindAllStringSubmatch(file(t, "docs/metrics.md"), -1) {
		labels := strings.Split(strings.ReplaceAll(strings.Trim(match[3], " –"), "`", ""), ", ")
		slices.Sort(labels)
		if _, twice := all[match[1]]; twice {
			t.Errorf("%s is described twice", match[1])
		}
		all[match[1]] = metric{Type: match[2], Labels: strings.Join(labels, ", ")}
	}
	return all
}

// documented are the names in docs/metrics.md.
func documented(t *testing.T) []string {
	t.Helper()
	return slices.Sorted(maps.Keys(described(t)))
}

// metricsIn are the names of our metrics in a text.
func metricsIn(text string) []string {
	var names []string
	for _, name := range regexp.MustCompile(`\b(?:oddscache|grpc_server)_\w+\b`).FindAllString(text, -1) {
		names = append(names, regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, ""))
	}
	return names
}

// TestEveryMetricIsDescribedAndNamedWell reads the metrics of a running pair, and those that only TLS brings, and
// compares them with docs/metrics.md both ways: name, type and labels.
func TestEveryMetricIsDescribedAndNamedWell(t *testing.T) {
	t.Parallel()
	p := cluster.Start(t, cluster.Config{Site: site(t, 10).URL})
	p.Live(t)
	p.Reach(t, p.RunCycle(t, oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED).GetRevision())
	have := make(map[string]metric)
	for _, address := range []string{p.Scrapers[0].Admin, p.Caches[0].Admin} {
		text, err := page(t, "http://"+address+"/metrics")
		if err != nil {
			t.Fatal(err)
		}
		shown(text, have)
		lint(t, text)
		bounded(t, text)
		for _, name := range []string{"oddscache_build_info", "go_gc_heap_live_bytes", "process_resident_memory_bytes"} {
			if !bytes.Contains(text, []byte("\n"+name)) {
				t.Errorf("%s does not show %s", address, name)
			}
		}
	}
	withTLS(t, have)
	if diff := cmp.Diff(described(t), have); diff != "" {
		t.Errorf("docs/metrics.md (-) and what the services show (+):\n%s", diff)
	}
	for _, path := range []string{"deploy/alerts.yml", "deploy/grafana/dashboards/oddscache.json"} {
		for _, name := range metricsIn(file(t, path)) {
			if _, known := have[name]; !known {
				t.Errorf("%s speaks of %s, which nobody shows", path, name)
			}
		}
	}
}

// withTLS adds what a pair without certificates and tokens does not show.
func withTLS(t *testing.T, into map[string]metric) {
	t.Helper()
	dir := t.TempDir()
	authority := certtest.NewAuthority(t)
	files := certs.ServerFiles{ClientCA: filepath.Join(dir, "ca.pem")}
	authority.Write(t, files.ClientCA)
	files.Cert, files.Key = authority.Issue(t, "cache").Write(t, dir, "cache")
	keeper, err := certs.OpenServer("server", files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "tokens")
	if err := os.WriteFile(list, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bearers, err := tokens.Open(list, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(keeper, bearers, guard.New(guard.Config{Port: "grpc", Logger: slog.New(slog.DiscardHandler)}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		slices.Sort(labels)
		into[f.GetName()] = metric{Type: strings.ToLower(f.GetType().String()), Labels: strings.Join(labels, ", ")}
	}
}

// lint asks Prometheus's own linter about names, units and help texts.
func lint(t *testing.T, text []byte) {
	t.Helper()
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		if ours.MatchString(problem.Metric) {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
}

// The most series that a metric of ours may have in a pair, and the most values of a label: no ids of events, cycles
// or replicas, whose number grows with time.
const (
	maxSeries = 500
	maxValues = 40
)

// bounded refuses metrics with too many series, or labels with too many values.
func bounded(t *testing.T, text []byte) {
	t.Helper()
	series, values := make(map[string]int), make(map[string]map[string]bool)
	for _, match := range regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? \S+$`).FindAllStringSubmatch(string(text), -1) {
		if !ours.MatchString(match[1]) {
			continue
		}
		series[match[1]]++
		for _, l := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(match[2], -1) {
			key := fmt.Sprintf("label %s of %s", l[1], match[1])
			if values[key] == nil {
				values[key] = make(map[string]bool)
			}
			values[key][l[2]] = true
		}
	}
	for name, n := range series {
		if n > maxSeries {
			t.Errorf("%s has %d series", name, n)
		}
	}
	for label, of := range values {
		if len(of) > maxValues {
			t.Errorf("%s has %d values", label, len(of))
		}
	}
}
