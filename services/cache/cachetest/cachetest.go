// Package cachetest runs a cache for tests in other modules: the real replica, store and lookups, over any listener and
// any way to dial the feed, in a bubble of test time as well.
//
// It is not for programs, which run the cache as a whole: it has no configuration, no metrics and no admin port.
package cachetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/api"
	"github.com/oddscache/oddscache/services/cache/internal/replica"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// maxWatches is how many watches a cache serves at once.
const maxWatches = 1000

// Observer is notified of what the feed does, by the replica's one goroutine. It must not block.
type Observer interface {
	// Started is called when a stream begins.
	Started(mode, reason string)
	// Gap is called when a message does not fit what the cache has.
	Gap()
	// Mismatch is called when a digest is not the source's.
	Mismatch()
	// Disconnected is called when a stream ended or could not be opened.
	Disconnected(reason string)
}

// Config says what a cache follows and where it answers.
type Config struct {
	// ID names the replica to the source.
	ID string
	// Feed is the scrapers' addresses, a comma list of host:port.
	Feed string
	// DialOptions reach them, as grpc.WithContextDialer does.
	DialOptions []grpc.DialOption
	// Listener is where lookups are answered. The cache closes it.
	Listener net.Listener
	Observer Observer
	Logger   *slog.Logger
}

// Cache is a running replica with its lookups. Use New, then Run once.
type Cache struct {
	replica *replica.Replica
	feed    *grpc.ClientConn
	rpc     *server.Server
}

// New makes a cache. Nobody is dialled before Run.
func New(cfg Config) (*Cache, error) {
	held := store.New()
	table, err := api.Errors()
	if err != nil {
		return nil, fmt.Errorf("making the error table: %w", err)
	}
	c := &Cache{}
	c.feed, err = client.New(cfg.Feed, client.Options{
		NoRetry:     []string{oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName},
		DialOptions: cfg.DialOptions,
	})
	if err != nil {
		return nil, fmt.Errorf("reading feed: %w", err)
	}
	c.replica, err = replica.New(replica.Config{
		ID: cfg.ID, Conn: c.feed, Store: held, Observer: observer{cfg.Observer}, Logger: cfg.Logger,
	})
	if err == nil {
		c.rpc, err = server.New(server.Config{
			Listener: cfg.Listener, Errors: table, Logger: cfg.Logger, Codec: rawpb.NewCodec(),
		}, api.New(held, api.NewLookups(), watch.New(held, maxWatches)).Register)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making a cache: %w", err), c.feed.Close())
	}
	return c, nil
}

// Run follows and answers until ctx ends.
func (c *Cache) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var following sync.WaitGroup
	var followed error
	following.Go(func() { followed = c.replica.Run(ctx) }) // ends with ctx
	err := c.rpc.Run(ctx)
	stop()
	following.Wait()
	return errors.Join(err, followed, c.feed.Close())
}

// observer leaves out the call whose argument is a type of an internal package.
type observer struct{ Observer }

// Applied is of no use outside.
func (observer) Applied(store.Applied, time.Duration) {}
