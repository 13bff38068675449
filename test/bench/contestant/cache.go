package contestant

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/test/bench/world"
)

// NewCache starts a cache and waits until it has the feed's events.
func NewCache(ctx context.Context, feed *Feed, events int) (*Contestant, error) {
	c, err := StartCache(ctx, feed, events)
	if err != nil {
		return nil, err
	}
	return started(c, c.await(ctx, events))
}

// StartCache starts the cache as it runs in production, with metrics and logging, and does not wait for its events.
func StartCache(ctx context.Context, feed *Feed, events int) (*Contestant, error) {
	c := &Contestant{Name: "oddscache"}
	cfg := cache.DefaultConfig()
	cfg.Feed, cfg.Listen, cfg.AdminListen, cfg.StopGrace = feed.Addr, "127.0.0.1:0", "127.0.0.1:0", time.Second
	app, err := cache.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("making the cache: %w", err)
	}
	c.stop = append(c.stop, background(app.Run))
	return started(c, c.dial(app.Addr().String(), events))
}

// await asks for the last event until it is there.
func (c *Contestant) await(ctx context.Context, events int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		_, err := c.Calls[Full](ctx, events-1)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("waiting for event %s: %w", world.SrID(events-1), err)
		}
	}
}
