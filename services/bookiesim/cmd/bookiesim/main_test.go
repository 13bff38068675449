package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parse reads a command line.
func parse(t *testing.T, args ...string) *options {
	t.Helper()
	var cli cli
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &cli.Serve
}

func TestOptionsMakeAConfig(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		check func(sim.Config) bool
	}{
		{"defaults", nil, func(c sim.Config) bool { return c.Events == 320 && c.Tick == time.Minute && c.MoveShare == 0.05 }},
		{"real", []string{"--profile=real"}, func(c sim.Config) bool {
			return c.Events == 1291 && c.Offered == [3]int{1121, 1276, 1225} && c.Latency == sim.RealLatency()
		}},
		{"real at once", []string{"--profile=real", "--latency=0"}, func(c sim.Config) bool { return c.Latency == [3]sim.Latency{} }},
		{"fewer events", []string{"--events=10"}, func(c sim.Config) bool { return c.Events == 10 && c.Validate() == nil }},
		{"one event", []string{"--events=1"}, func(c sim.Config) bool { return c.Events == 1 && c.Validate() == nil }},
		{"still", []string{"--still"}, func(c sim.Config) bool { return c.Life == sim.Life{} }},
		{"closings", nil, func(c sim.Config) bool { return c.Closings.Markets == 0.02 && c.Closings.Outcomes == 0.004 }},
		{"no closings", []string{"--closed=0"}, func(c sim.Config) bool { return c.Closings.Markets == 0 && c.Closings.Outcomes == 0 }},
		{"limits", []string{"--limits"}, func(c sim.Config) bool { return c.Limits[2].Concurrency == 15 }},
		{"fault", []string{"--fault=bet9ja:slow:0.5"}, func(c sim.Config) bool {
			return len(c.Faults) == 1 && c.Faults[0].Share == 0.5 && c.Faults[0].Delay == 2*time.Second
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parse(t, tt.args...).config()
			if err != nil || !tt.check(c) {
				t.Errorf("%v: %+v, %v", tt.args, c, err)
			}
		})
	}
	t.Setenv("BOOKIESIM_BET9JA_LISTEN", "127.0.0.1:7")
	if got := parse(t).Bet9jaListen; got != "127.0.0.1:7" {
		t.Errorf("BOOKIESIM_BET9JA_LISTEN is not read: %q", got)
	}
	for _, text := range []string{"bet9ja", "bet9ja:flood", "bet9ja:slow:much", "nobody:slow"} {
		if _, err := parseFault(text); err == nil {
			t.Errorf("fault %q is taken", text)
		}
	}
}

// log is a writer that may be read meanwhile.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestRunServesEveryDoorUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	opts := parse(t, "--events=20", "--density=small", "--listen=127.0.0.1:0", "--bet9ja-listen=127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out log
	done := make(chan error, 1)
	go func() { done <- run(ctx, *opts, &out) }() // ends with ctx
	for !strings.Contains(out.String(), "the world is ready") {
		select {
		case err := <-done:
			t.Fatalf("ended early: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	addresses := map[string]string{}
	for line := range strings.Lines(out.String()) {
		if _, rest, ok := strings.Cut(line, "bookmaker="); ok {
			name, address, _ := strings.Cut(strings.TrimSpace(rest), " address=")
			addresses[name] = address
		}
	}
	client := &http.Client{Transport: &http.Transport{}}
	for name, want := range map[string]int{"all": http.StatusOK, "bet9ja": http.StatusNotFound} {
		resp, err := client.Get("http://" + addresses[name] + "/api/sportsbook/v4/categories/list/all")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, want)
		}
	}
	check := healthcheck{Address: addresses["all"], Timeout: 10 * time.Second}
	if err := check.Run(t.Context()); err != nil {
		t.Errorf("healthcheck of a running simulator: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := check.Run(t.Context()); err == nil {
		t.Error("healthcheck of a stopped simulator passes")
	}
	client.CloseIdleConnections()
}
