package contestant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/oddscache/oddscache/services/scraper/feedtest"
	"github.com/oddscache/oddscache/test/bench/world"
)

// Feed is the scraper's feed over a world.
type Feed struct {
	Addr string

	server *feedtest.Server
	world  *world.World
	stop   func() error
}

// NewFeed serves a world's log as the scraper does.
func NewFeed(w *world.World) (*Feed, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the feed's listener: %w", err)
	}
	server, err := feedtest.New(feedtest.Config{Listener: listener, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the feed: %w", err), listener.Close())
	}
	server.Lead(w)
	return &Feed{Addr: listener.Addr().String(), server: server, world: w, stop: background(server.Run)}, nil
}

// StandBy ends all streams and serves none until Lead.
func (f *Feed) StandBy() { f.server.StandBy() }

// Lead serves the world again.
func (f *Feed) Lead() { f.server.Lead(f.world) }

// LoseHistory ends all streams and begins a new epoch: every cache that comes back gets a full sync.
func (f *Feed) LoseHistory() {
	f.StandBy()
	f.world.LoseHistory()
	f.Lead()
}

// Close stops the feed.
func (f *Feed) Close() error { return f.stop() }

// background runs something and returns what stops it and waits for it.
func background(run func(context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }() // ends by stop
	return func() error { cancel(); return <-ended }
}
