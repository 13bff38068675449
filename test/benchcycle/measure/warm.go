package measure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
)

// Warm is how long a start took, from starting both processes at the same moment.
type Warm struct {
	Serving time.Duration // until the scraper serves its feed
	Live    time.Duration // until the cache is live
}

// errNotYet says that a service does not serve yet.
var errNotYet = errors.New("not yet")

// Start starts the scraper and the cache at the same moment and waits until the cache is live.
func Start(ctx context.Context, c *cluster.Cluster) (w Warm, err error) {
	source, replica := c.Scrapers[0], c.Caches[0]
	started := time.Now()
	for _, s := range c.Services() {
		if err := s.Start(); err != nil {
			return Warm{}, err
		}
	}
	health := grpc_health_v1.NewHealthClient(source.Conn)
	feed := &grpc_health_v1.HealthCheckRequest{Service: oddscachev1.SnapshotFeedService_ServiceDesc.ServiceName}
	err = await(ctx, "scraper's feed", func() error {
		source.Conn.ResetConnectBackoff() // a connection that is refused must not cost the measurement a tenth of a second
		resp, err := health.Check(ctx, feed)
		if err == nil && resp.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			err = errNotYet
		}
		return err
	})
	w.Serving = time.Since(started)
	if err != nil {
		return w, err
	}
	err = await(ctx, "cache", func() error {
		replica.Conn.ResetConnectBackoff()
		resp, err := replica.Client.GetStats(ctx, &oddscachev1.GetStatsRequest{})
		if err == nil && resp.GetFreshness().GetState() != cluster.Live {
			err = errNotYet
		}
		return err
	})
	w.Live = time.Since(started)
	return w, err
}

// await calls ready again and again until there is no error, within a minute.
func await(ctx context.Context, what string, ready func() error) error {
	deadline := time.Now().Add(time.Minute)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("waiting for the %s: %w", what, errors.Join(err, context.Cause(ctx)))
		}
		cluster.Pause(ctx, 2*time.Millisecond)
	}
}
