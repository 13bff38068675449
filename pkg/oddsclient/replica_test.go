package oddsclient_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	rpcserver "github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// replica is a cache that answers every sr_id with an event of that id, and with its own name; "404…" it does not
// have, and "9…" it keeps to itself until it is released.
type replica struct {
	oddscachev1.UnimplementedOddsCacheServiceServer

	name    string
	addr    string
	stop    func()
	streams atomic.Int64 // opened so far
	held    atomic.Int64 // lookups that wait for release
	release chan struct{}
	old     bool // does not know LookupEvents
}

// start starts a replica on loopback.
func start(t testing.TB, r *replica) *replica {
	t.Helper()
	stop, err := r.serve()
	if err != nil {
		t.Fatal(err)
	}
	r.stop = sync.OnceFunc(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

// serve serves the replica on loopback until stop.
func (r *replica) serve() (stop func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	table, err := rpcerr.NewTable()
	if err != nil {
		return nil, err
	}
	server, err := rpcserver.New(rpcserver.Config{
		Listener: listener, Errors: table, Logger: slog.New(slog.DiscardHandler), Grace: 200 * time.Millisecond,
	}, func(reg grpc.ServiceRegistrar) { oddscachev1.RegisterOddsCacheServiceServer(reg, r) })
	if err != nil {
		return nil, err
	}
	server.SetReady(true)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }() // ends by stop
	r.addr, r.release = listener.Addr().String(), make(chan struct{})
	return func() error { cancel(); return <-stopped }, nil
}

// GetStats answers that there is one event.
func (r *replica) GetStats(context.Context, *oddscachev1.GetStatsRequest) (*oddscachev1.GetStatsResponse, error) {
	return &oddscachev1.GetStatsResponse{TotalEvents: 1}, nil
}

// GetEvent answers as LookupEvents does.
func (r *replica) GetEvent(_ context.Context, q *oddscachev1.GetEventRequest) (*oddscachev1.GetEventResponse, error) {
	return &oddscachev1.GetEventResponse{Event: &oddscachev1.Event{SrId: q.GetSrId(), Name: "called " + r.name}}, nil
}

// LookupEvents answers requests, later lookups before earlier ones that are held.
func (r *replica) LookupEvents(stream grpc.BidiStreamingServer[oddscachev1.LookupEventsRequest, oddscachev1.LookupEventsResponse]) error {
	if r.old {
		return status.Error(codes.Unimplemented, "unknown method LookupEvents")
	}
	r.streams.Add(1)
	ctx, requests := stream.Context(), make(chan *oddscachev1.LookupEventsRequest)
	go func() { // ends with the stream
		defer close(requests)
		for {
			q, err := stream.Recv()
			if err != nil {
				return
			}
			select {
			case requests <- q:
			case <-ctx.Done():
				return
			}
		}
	}()
	var late []*oddscachev1.LookupEventsRequest
	release, released, more := r.release, false, true
	for more || len(late) > 0 {
		var q *oddscachev1.LookupEventsRequest
		select {
		case q, more = <-requests:
			switch {
			case !more:
				requests = nil // what is held is still answered
				continue
			case strings.HasPrefix(q.GetSrId(), "9"):
				late = append(late, q)
				r.held.Add(1)
			default:
				if err := stream.Send(r.respond(q)); err != nil {
					return err
				}
			}
		case <-release:
			release, released = nil, true
		case <-ctx.Done():
			return ctx.Err()
		}
		for ; released && len(late) > 0; late = late[1:] {
			if err := stream.Send(r.respond(late[0])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *replica) respond(q *oddscachev1.LookupEventsRequest) *oddscachev1.LookupEventsResponse {
	if strings.HasPrefix(q.GetSrId(), "404") {
		return &oddscachev1.LookupEventsResponse{RequestId: q.GetRequestId(), Failure: &oddscachev1.LookupFailure{
			Code: int32(codes.NotFound), Reason: "EVENT_NOT_FOUND", Message: "no such event", Metadata: map[string]string{"by": r.name},
		}}
	}
	return &oddscachev1.LookupEventsResponse{
		RequestId: q.GetRequestId(), Found: true, Event: &oddscachev1.Event{SrId: q.GetSrId(), Name: r.name},
		Snapshots: []*oddscachev1.CachedSnapshot{{Bookmaker: "betpawa", Markets: []*oddscachev1.CachedMarket{{MarketId: "3743"}}}},
		Freshness: &oddscachev1.Freshness{Epoch: q.GetMaxWait().String(), Revision: q.GetMinRevision()},
	}
}
