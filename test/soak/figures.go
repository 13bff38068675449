package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/oddscache/oddscache/test/cluster"
)

// need is what a process needs at an instant.
type need struct {
	rss        float64 // bytes
	heap       float64 // bytes that the last collection left
	goroutines float64
	starts     int // of the service so far
}

// window is the figures of one stretch of time. What could not be read is absent, or 0.
type window struct {
	from, to  time.Time
	requested int64
	failed    int
	p50, p99  time.Duration
	longest   time.Duration
	behind    int64 // most revisions that a cache was behind Postgres
	revision  int64
	database  int64 // bytes
	events    int   // requested for
	needs     map[string]need
	faults    []string
}

// probe reads the figures that have to be asked for.
type probe struct {
	testbed *testbed
	mu      sync.Mutex // guards what follows
	behind  int64
	head    int64
}

// run reads how far the writer is, again and again, until ctx ends.
func (g *probe) run(ctx context.Context) {
	for ctx.Err() == nil {
		if head, err := g.revision(ctx); err == nil {
			g.mu.Lock()
			g.head = max(g.head, head)
			g.mu.Unlock()
		}
		cluster.Pause(ctx, 200*time.Millisecond)
	}
}

// answered takes the revision of a cache.
func (g *probe) answered(revision int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.behind = max(g.behind, g.head-revision)
}

// take is the most that a cache was behind since the last call, and how far the writer is.
func (g *probe) take() (behind, head int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	behind, g.behind = g.behind, 0
	return behind, g.head
}

func (g *probe) revision(ctx context.Context) (revision int64, err error) {
	return g.number(ctx, "SELECT revision FROM feed_state")
}

// size is the database's, in bytes; 0 while Postgres does not answer.
func (g *probe) size(ctx context.Context) int64 {
	n, _ := g.number(ctx, "SELECT pg_database_size(current_database())")
	return n
}

// number asks Postgres for one, on a connection of its own: it may be killed at any time.
func (g *probe) number(ctx context.Context, sql string) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := g.testbed.Connect(ctx, "")
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, sql).Scan(&n)
	return n, err
}

// needs reads what all processes need.
func (g *probe) needs(ctx context.Context) map[string]need {
	all := make(map[string]need)
	all["bookiesim"] = need{rss: resident(g.testbed.Simulator.Process.PID()), starts: 1}
	for _, s := range g.testbed.Services() {
		n := need{rss: resident(s.Process().PID()), starts: s.Starts()}
		goal, _ := cluster.Metric(ctx, s.Admin, "go_memstats_next_gc_bytes", "") // 0 while it does not answer
		n.heap = goal / 2                                                        // the next collection comes when the heap has doubled
		n.goroutines, _ = cluster.Metric(ctx, s.Admin, "go_goroutines", "")
		all[s.Name] = n
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	all["client"] = need{rss: resident(os.Getpid()), heap: float64(m.NextGC) / 2, goroutines: float64(runtime.NumGoroutine()), starts: 1}
	all["postgres"] = need{rss: g.postgres(ctx), starts: 1}
	return all
}

// postgres is the memory of the server and its backends, each page counted once.
func (g *probe) postgres(ctx context.Context) (sum float64) {
	conn, err := g.testbed.Connect(ctx, "")
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		return 0
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if rows.Scan(&pid) == nil {
			sum += field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:")
		}
	}
	return sum
}

// resident is the memory of a process in bytes; 0 when it is gone.
func resident(pid int) float64 { return field(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:") }

// field reads a figure that Linux gives in kB.
func field(path, name string) float64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kB, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kB * 1024
		}
	}
	return 0
}
