package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
)

// Cache is one of the caches.
type Cache struct {
	*Service

	Config cache.Config // of the next start
	Feeds  []*Proxy     // to each scraper; none without proxies
	Front  *Proxy       // of its clients; nil without proxies
	Conn   *grpc.ClientConn
	Client oddscachev1.OddsCacheServiceClient // of this one alone, past its front
}

// addCache makes a cache that follows every scraper.
func (c *Cluster) addCache(ctx context.Context, i int) (err error) {
	s := &Cache{Config: cache.DefaultConfig()}
	if s.Service, err = c.service(ctx, "cache", i); err != nil {
		return err
	}
	c.Caches = append(c.Caches, s)
	s.env = func() ([]string, error) {
		defaults := cache.DefaultConfig()
		return environ(&s.Config, &defaults)
	}
	s.app = func(ctx context.Context, log *slog.Logger) (func(context.Context) error, error) {
		app, err := cache.New(ctx, s.Config, log)
		if err != nil {
			return nil, err
		}
		return app.Run, nil
	}
	feed := c.feedAddrs()
	if c.config.Proxies {
		if s.Front, err = NewProxy("tcp", "127.0.0.1:0", "tcp", s.Addr); err != nil {
			return err
		}
		for n := range feed {
			p, err := NewProxy("tcp", "127.0.0.1:0", "tcp", feed[n])
			if err != nil {
				return err
			}
			s.Feeds = append(s.Feeds, p)
			feed[n] = p.Addr().String()
		}
	}
	s.Config.Feed, s.Config.ReplicaID = strings.Join(feed, ","), s.Name
	if c.config.Cache != nil {
		c.config.Cache(&s.Config)
	}
	s.Config.Listen, s.Config.AdminListen = s.Addr, s.Admin
	s.Conn, err = c.Dial(s.Addr, client.Options{MaxRecvBytes: maxRecvBytes})
	s.Client = oddscachev1.NewOddsCacheServiceClient(s.Conn)
	return err
}

// Live is the state of a cache that is at its scraper's head.
const Live = oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE

// Stats are the cache's stats, within a second.
func (s *Cache) Stats(ctx context.Context) (*oddscachev1.GetStatsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	stats, err := s.Client.GetStats(ctx, &oddscachev1.GetStatsRequest{})
	if err != nil {
		return nil, fmt.Errorf("requesting the stats of %s: %w", s.Name, err)
	}
	return stats, nil
}

// Await waits until the cache is in a state at a revision or later, and returns its stats.
func (s *Cache) Await(ctx context.Context, state oddscachev1.FreshnessState, revision int64) (*oddscachev1.GetStatsResponse, error) {
	for {
		stats, err := s.Stats(ctx)
		f := stats.GetFreshness()
		if err == nil && f.GetState() == state && f.GetRevision() >= revision {
			return stats, nil
		}
		if ctx.Err() != nil {
			return stats, fmt.Errorf("waiting for %s to be %v at revision %d, it is %v at %d: %w", s.Name, state, revision,
				f.GetState(), f.GetRevision(), errors.Join(err, context.Cause(ctx)))
		}
		Pause(ctx, 20*time.Millisecond)
	}
}
