package contestant

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/oddsclient"
	rpcclient "github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/bench/load"
	"github.com/oddscache/oddscache/test/bench/world"
)

// Clients are what Go programs ask the cache with. Unlike the contestants' common client they encode every request and
// decode every answer.
type Clients struct {
	// Generated is the generated client, a call for each lookup; Project is the package oddsclient.
	Generated, Project map[Shape]load.Call

	conn   *grpc.ClientConn
	client *oddsclient.Client
}

// NewClients connects to a cache that NewCache started, which has a number of events.
func NewClients(cache *Contestant, events int) (*Clients, error) {
	conn, err := rpcclient.New(cache.addr, rpcclient.Options{MaxRecvBytes: maxResponse})
	if err != nil {
		return nil, err
	}
	client, err := oddsclient.New(cache.addr, oddsclient.Options{})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c := &Clients{conn: conn, client: client}
	generated := oddscachev1.NewOddsCacheServiceClient(conn)
	c.Generated = decoded(events, func(ctx context.Context, r *oddscachev1.GetEventRequest) (*oddscachev1.GetEventResponse, error) {
		return generated.GetEvent(ctx, r)
	})
	c.Project = decoded(events, client.GetEvent)
	return c, nil
}

// decoded are calls by the sr_id, for a whole event and for one market. They tell the number of snapshots.
func decoded(events int, get func(context.Context, *oddscachev1.GetEventRequest) (*oddscachev1.GetEventResponse, error)) map[Shape]load.Call {
	call := func(marketIDs ...string) load.Call {
		return func(ctx context.Context, i int) (int, error) {
			response, err := get(ctx, &oddscachev1.GetEventRequest{
				Key: &oddscachev1.GetEventRequest_SrId{SrId: world.SrID(i % events)}, MarketIds: marketIDs,
			})
			return len(response.GetSnapshots()), err
		}
	}
	return map[Shape]load.Call{Full: call(), Market: call(world.MarketID)}
}

// Close ends both.
func (c *Clients) Close() error {
	if err := errors.Join(c.client.Close(), c.conn.Close()); err != nil {
		return fmt.Errorf("closing clients: %w", err)
	}
	return nil
}
