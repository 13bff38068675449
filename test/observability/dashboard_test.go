package observability

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// interval takes the place of Grafana's $__rate_interval: it has to span several scrapes, and the calls made here.
const interval = "1m"

// mayBeEmpty are queries that have no data in a pair without TLS and HAProxy, by a metric in them.
func mayBeEmpty() []string {
	return []string{"oddscache_refused_total", "oddscache_certificate_not_after_seconds", "haproxy_"}
}

// TestAtPrometheus runs the pair with cycles and lookups, scraped by a real Prometheus, and asks it everything that
// dashboard and alerts ask.
func TestAtPrometheus(t *testing.T) {
	t.Parallel()
	program(t, "prometheus")
	p := cluster.Start(t, cluster.Config{Site: site(t, 30).URL, Scraper: func(c *scraper.Config) { c.Interval = 3 * time.Second }})
	p.Live(t)
	prometheus := scrape(t, p)
	stop := keepCalling(t, p)
	defer stop()
	settle(t, prometheus)
	t.Run("dashboard", func(t *testing.T) { dashboard(t, prometheus) })
	t.Run("alerts", func(t *testing.T) { quiet(t, prometheus) })
	t.Run("every metric is scraped", func(t *testing.T) {
		if n, err := prometheus.await(t, `count({__name__=~"oddscache_.*"}) > 300`); err != nil || n != 1 {
			t.Errorf("fewer series than a pair has (error %v)", err)
		}
	})
}

// settle waits until cycles ended and were made visible while Prometheus looked on.
func settle(t *testing.T, s *server) {
	t.Helper()
	for _, expression := range []string{
		`sum(increase(oddscache_scraper_cycles_total{status="SUCCEEDED"}[1m])) >= 2`,
		`sum(increase(oddscache_scraper_visible_seconds_count[1m])) >= 2`,
		`sum(increase(grpc_server_handled_total{grpc_method="GetEvent", grpc_code="OK"}[1m])) >= 20`,
		`sum(oddscache_cache_watches) >= 1`,
		`min(oddscache_scraper_database_measured_timestamp_seconds) > 0`,
	} {
		if n, err := s.await(t, expression); err != nil || n == 0 {
			t.Fatalf("it does not come about (error %v): %s", err, expression)
		}
	}
}

// keepCalling makes lookups of every kind and keeps a watch open until the returned function is called, which waits.
func keepCalling(t *testing.T, p *cluster.Cluster) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	calling.Go(func() { // both end with ctx
		watch, err := p.Cache.WatchEvents(ctx, &oddscachev1.WatchEventsRequest{})
		for err == nil {
			_, err = watch.Recv()
		}
	})
	calling.Go(func() {
		again := time.NewTicker(100 * time.Millisecond)
		defer again.Stop()
		for ctx.Err() == nil {
			callEach(ctx, p.Cache)
			_, _ = p.Scraper.ListCycles(ctx, &oddscachev1.ListCyclesRequest{PageSize: 1})
			select {
			case <-again.C:
			case <-ctx.Done():
			}
		}
	})
	return func() { cancel(); calling.Wait() }
}

// callEach makes one lookup of each kind. What comes of them is Prometheus's to see.
func callEach(ctx context.Context, cache oddscachev1.OddsCacheServiceClient) {
	list, err := cache.ListEvents(ctx, &oddscachev1.ListEventsRequest{PageSize: 2})
	if err != nil {
		return
	}
	for _, e := range list.GetEvents() {
		key := &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: e.GetEvent().GetSrId()}}
		_, _ = cache.GetEvent(ctx, &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_SrId{SrId: e.GetEvent().GetSrId()}})
		_, _ = cache.BatchGetEvents(ctx, &oddscachev1.BatchGetEventsRequest{Keys: []*oddscachev1.EventKey{key}})
		_, _ = cache.ResolveCompetitorEvents(ctx, &oddscachev1.ResolveCompetitorEventsRequest{CompetitorEvents: e.GetEvent().GetCompetitorEvents()})
	}
	_, _ = cache.GetStats(ctx, &oddscachev1.GetStatsRequest{})
}

// board is what the tests read of the dashboard.
type board struct {
	Panels []struct {
		Type       string `json:"type"`
		Title      string `json:"title"`
		Datasource struct {
			UID string `json:"uid"`
		} `json:"datasource"`
		Targets []query `json:"targets"`
	} `json:"panels"`
	Annotations struct {
		List []query `json:"list"`
	} `json:"annotations"`
}

// query is an expression of the dashboard.
type query struct {
	Expr string `json:"expr"`
}

// dashboard runs the query of every panel. Each must have data; a query that cannot fail to have some would be no test,
// so one of a metric that does not exist is tried as well.
func dashboard(t *testing.T, s *server) {
	t.Helper()
	var b board
	if err := json.Unmarshal([]byte(file(t, "deploy/grafana/dashboards/oddscache.json")), &b); err != nil {
		t.Fatal(err)
	}
	queries := 0
	for _, panel := range b.Panels {
		if panel.Type != "row" && (len(panel.Targets) == 0 || panel.Datasource.UID != "prometheus") {
			t.Errorf("panel %q has %d queries at %q", panel.Title, len(panel.Targets), panel.Datasource.UID)
		}
		for _, target := range panel.Targets {
			queries++
			s.shows(t, panel.Title, strings.ReplaceAll(target.Expr, "$__rate_interval", interval))
		}
	}
	for _, a := range b.Annotations.List {
		if _, err := s.query(t, a.Expr); err != nil {
			t.Errorf("annotation: %s: %v", a.Expr, err)
		}
	}
	if n, err := s.query(t, "oddscache_scraper_no_such_metric"); n != 0 || err != nil {
		t.Errorf("a metric that does not exist has %d values, error %v", n, err)
	}
	t.Logf("%d panels and rows, %d queries", len(b.Panels), queries)
}

// shows requires data of a query, unless it is excused: then it must have none, or the excuse is not needed.
func (s *server) shows(t *testing.T, panel, expression string) {
	t.Helper()
	if excused(expression) {
		if n, err := s.query(t, expression); err != nil || n > 0 {
			t.Errorf("panel %q: %d series although it is excused, error %v: %s", panel, n, err, expression)
		}
		return
	}
	if n, err := s.await(t, expression); err != nil || n == 0 {
		t.Errorf("panel %q: no data (error %v): %s", panel, err, expression)
	}
}

func excused(expression string) bool {
	for _, metric := range mayBeEmpty() {
		if strings.Contains(expression, metric) {
			return true
		}
	}
	return false
}
