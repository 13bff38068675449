package contestant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
)

// ServeCache is what the child process of NewCacheProcess does: it runs a cache, tells its address on out, and ends when
// in does.
func ServeCache(ctx context.Context, feed string, in io.Reader, out io.Writer) error {
	cfg := cache.DefaultConfig()
	cfg.Feed, cfg.Listen, cfg.AdminListen, cfg.StopGrace = feed, "127.0.0.1:0", "127.0.0.1:0", time.Second
	app, err := cache.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // ends with the parent
		_, _ = io.Copy(io.Discard, in)
		stop()
	}()
	fmt.Fprintln(out, app.Addr(), app.AdminAddr())
	return app.Run(ctx)
}

// NewCacheProcess starts a cache that follows the feed at an address, in a process of its own, so that its heap and its
// collector are its own. It does not wait for the cache to be filled.
func NewCacheProcess(ctx context.Context, feed string, events int) (*Contestant, error) {
	c := &Contestant{Name: "oddscache, a process"}
	process, err := startChild(ctx, 0, "-serve-cache", feed)
	if err != nil {
		return nil, err
	}
	c.stop = append(c.stop, process.stop)
	c.PIDs = func() []int { return []int{process.pid()} }
	line, err := process.readLine()
	addr, admin, _ := strings.Cut(line, " ")
	c.admin = admin
	if err == nil {
		err = c.dial(addr, events)
	}
	return started(c, err)
}

// LiveHeap makes a cache process collect its garbage and returns the bytes that are alive then.
func (c *Contestant) LiveHeap(ctx context.Context) (float64, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 2 { // pools and finalizers of the first
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.admin+"/debug/pprof/heap?gc=1", http.NoBody)
		if err != nil {
			return 0, fmt.Errorf("asking for a collection: %w", err)
		}
		response, err := client.Do(r)
		if err != nil {
			return 0, fmt.Errorf("asking for a collection: %w", err)
		}
		_, err = io.Copy(io.Discard, response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return 0, fmt.Errorf("reading the heap's profile: %w", err)
		}
	}
	stats, err := oddscachev1.NewOddsCacheServiceClient(c.conn).GetStats(ctx, &oddscachev1.GetStatsRequest{})
	if err != nil {
		return 0, fmt.Errorf("asking for the heap: %w", err)
	}
	return stats.GetHeapMb() * 1e6, nil
}

// Reached waits until the cache serves a revision of an epoch, and returns its stats.
func (c *Contestant) Reached(ctx context.Context, epoch string, revision int64) (*oddscachev1.GetStatsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	client := oddscachev1.NewOddsCacheServiceClient(c.conn)
	for {
		stats, err := client.GetStats(ctx, &oddscachev1.GetStatsRequest{})
		if f := stats.GetFreshness(); err == nil && f.GetEpoch() == epoch && f.GetRevision() >= revision {
			return stats, nil
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for revision %d of %s: last error %w", revision, epoch, errors.Join(err, ctx.Err()))
		}
	}
}
