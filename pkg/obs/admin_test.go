package obs_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/obs"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// admin is a running admin server.
type admin struct {
	client *http.Client
	base   string
	stop   func(*testing.T)
}

// setup runs an admin server until t ends, or until stop is called.
func setup(t *testing.T, change func(*obs.AdminConfig)) *admin {
	t.Helper()
	registry, err := obs.NewRegistry("cache")
	if err != nil {
		t.Fatal(err)
	}
	cfg := obs.AdminConfig{Listen: "127.0.0.1:0", Registry: registry, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	server, err := obs.NewAdmin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }() // ends by cancel
	transport := &http.Transport{}
	a := &admin{client: &http.Client{Transport: transport}, base: "http://" + server.Addr().String()}
	var done atomic.Bool
	a.stop = func(t *testing.T) {
		t.Helper()
		if done.Swap(true) {
			return
		}
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run returned %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the admin server does not stop")
		}
		transport.CloseIdleConnections()
	}
	t.Cleanup(func() { a.stop(t) })
	return a
}

// get asks for a page.
func (a *admin) get(t *testing.T, path string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.base+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := a.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestAdminPages(t *testing.T) {
	t.Parallel()
	a := setup(t, nil)
	for path, want := range map[string]string{
		"/":                              "/readyz",
		"/healthz":                       "ok",
		"/readyz":                        "ready",
		"/metrics":                       `oddscache_build_info{go="go1.`,
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/goroutine?debug=1": "goroutine profile",
		"/debug/pprof/symbol":            "num_symbols",
	} {
		status, body := a.get(t, path)
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: got %d, want 200 and a text with %q:\n%.300s", path, status, want, body)
		}
	}
	_, metrics := a.get(t, "/metrics")
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes", `service="cache"`} {
		if !strings.Contains(metrics, name) {
			t.Errorf("/metrics lacks %s", name)
		}
	}
	if status, _ := a.get(t, "/nothing"); status != http.StatusNotFound {
		t.Errorf("a page that does not exist: got %d", status)
	}
}

func TestReadinessIsApartFromLiveness(t *testing.T) {
	t.Parallel()
	var ready atomic.Bool
	a := setup(t, func(c *obs.AdminConfig) {
		c.Ready = func(context.Context) error {
			if !ready.Load() {
				return errors.New("waiting for the feed")
			}
			return nil
		}
	})
	if status, body := a.get(t, "/readyz"); status != http.StatusServiceUnavailable || body != "waiting for the feed\n" {
		t.Errorf("not ready: got %d %q", status, body)
	}
	if status, _ := a.get(t, "/healthz"); status != http.StatusOK {
		t.Errorf("a process that is not ready is not dead: got %d", status)
	}
	ready.Store(true)
	if status, _ := a.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("ready: got %d", status)
	}
}

func TestAdminStopCutsWhatDoesNotFinish(t *testing.T) {
	t.Parallel()
	requested := make(chan struct{})
	a := setup(t, func(c *obs.AdminConfig) {
		c.Grace = 20 * time.Millisecond
		c.Ready = func(ctx context.Context) error {
			close(requested)
			<-ctx.Done()
			return ctx.Err()
		}
	})
	got := make(chan error, 1)
	go func() { // ends when the connection is cut
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, a.base+"/readyz", http.NoBody)
		if err != nil {
			got <- err
			return
		}
		response, err := a.client.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		got <- err
	}()
	<-requested
	a.stop(t)
	if err := <-got; err == nil {
		t.Error("the request that never ends was answered")
	}
}

func TestAdminRejectsABadConfig(t *testing.T) {
	t.Parallel()
	if _, err := obs.NewAdmin(obs.AdminConfig{}); err == nil {
		t.Error("an empty config was taken")
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := obs.AdminConfig{Listener: lis, Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler)}
	first, err := obs.NewAdmin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listener, cfg.Listen = nil, first.Addr().String()
	if _, err := obs.NewAdmin(cfg); err == nil || !strings.Contains(err.Error(), "opening the admin listener") {
		t.Errorf("a port that is taken: got %v", err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if err := first.Run(t.Context()); err == nil {
		t.Error("a closed server runs")
	}
}
