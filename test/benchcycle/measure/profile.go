package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// profiled is how long a profile lasts: most of a cycle. The admin port cannot be told to end one early.
const profiled = time.Minute

// Profile begins to record the scraper's CPU profile into a folder. The returned function waits for its end.
func Profile(ctx context.Context, admin, dir, name string) (stop func() error, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of profiles: %w", err)
	}
	path := filepath.Join(dir, strings.Map(fileRune, name)+".pprof")
	done := make(chan error, 1)
	go func() { done <- saveProfile(ctx, admin, path) }() // ends after profiled, or with ctx; stop waits for it
	return func() error { return <-done }, nil
}

// fileRune keeps file names simple.
func fileRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

// saveProfile reads one profile.
func saveProfile(ctx context.Context, admin, path string) (err error) {
	body, err := get(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", admin, int(profiled.Seconds())))
	if err != nil {
		return fmt.Errorf("asking for a profile: %w", err)
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		return fmt.Errorf("writing a profile: %w", err)
	}
	return nil
}

// errMetric says that a metric is missing.
var errMetric = errors.New("no such metric")

// heldBytes is the heap and the stacks that a service's process holds, after a garbage collection.
func heldBytes(ctx context.Context, admin string) (sum int64, err error) {
	if _, err := get(ctx, "http://"+admin+"/debug/pprof/heap?gc=1"); err != nil {
		return 0, fmt.Errorf("asking for a garbage collection: %w", err)
	}
	body, err := get(ctx, "http://"+admin+"/metrics")
	if err != nil {
		return 0, fmt.Errorf("asking for metrics: %w", err)
	}
	for _, name := range []string{"go_memstats_heap_alloc_bytes", "go_memstats_stack_inuse_bytes"} {
		_, rest, found := strings.Cut(string(body), "\n"+name+" ")
		var value float64
		if _, err := fmt.Sscan(rest, &value); err != nil || !found {
			return 0, fmt.Errorf("reading %s: %w", name, errors.Join(errMetric, err))
		}
		sum += int64(value)
	}
	return sum, nil
}

func get(ctx context.Context, url string) (body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	return io.ReadAll(resp.Body)
}
