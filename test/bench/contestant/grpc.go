package contestant

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/bench/load"
	"github.com/oddscache/oddscache/test/bench/world"
)

// serverOptions are the cache's, without what pkg/rpc/server adds around handlers.
func serverOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(4 << 20),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second, MaxConnectionAge: 30 * time.Minute}),
		grpc.WaitForHandlers(true),
		grpc.NumStreamWorkers(256),
	}
}

// serve opens a loopback listener and serves until the contestant is closed.
func (c *Contestant) serve(server *grpc.Server) (addr string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("opening a listener: %w", err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends by Stop
	c.stop = append(c.stop, func() error { server.Stop(); return <-served })
	return listener.Addr().String(), nil
}

// maxResponse bounds an answer: a batch is about 1 MB.
const maxResponse = 16 << 20

// dial makes the calls and streams of a gRPC contestant: all of them have the same client, which sends requests that
// were encoded before and takes answers as bytes. Every connection is one of pkg/rpc/client's.
func (c *Contestant) dial(addr string, events int) error {
	conn, err := client.New(addr, client.Options{MaxRecvBytes: maxResponse})
	if err != nil {
		return err
	}
	c.conn, c.addr = conn, addr
	c.stop = append(c.stop, conn.Close)
	requests, err := encodeRequests(events)
	if err != nil {
		return err
	}
	codec := grpc.ForceCodecV2(receiver{rawpb.NewCodec()})
	c.Calls = make(map[Shape]load.Call)
	for shape, method := range map[Shape]string{
		Full:   oddscachev1.OddsCacheService_GetEvent_FullMethodName,
		Market: oddscachev1.OddsCacheService_GetEvent_FullMethodName,
		Batch:  oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName,
	} {
		all := requests[shape]
		c.Calls[shape] = func(ctx context.Context, i int) (int, error) {
			var response received
			err := conn.Invoke(ctx, method, all[i%len(all)], &response, codec)
			return response.bytes, err
		}
	}
	c.Streams = func(ctx context.Context, shape Shape, n int) ([]load.Stream, error) {
		var streams []load.Stream
		for range n {
			ctx, cancel := context.WithCancel(ctx)
			s, err := conn.NewStream(ctx, &oddscachev1.OddsCacheService_ServiceDesc.Streams[0],
				oddscachev1.OddsCacheService_LookupEvents_FullMethodName, codec)
			if err != nil {
				cancel()
				return streams, fmt.Errorf("opening a stream: %w", err)
			}
			streams = append(streams, &stream{ClientStream: s, cancel: cancel, requests: requests[shape]})
		}
		return streams, nil
	}
	return nil
}

// stream is a lookup stream as load drives it.
type stream struct {
	grpc.ClientStream
	cancel   context.CancelFunc
	requests []*rawpb.Message
}

// Send sends the request for a key.
func (s *stream) Send(i int) error { return s.SendMsg(s.requests[i%len(s.requests)]) }

// Recv takes the next answer.
func (s *stream) Recv() (int, error) {
	var response received
	err := s.RecvMsg(&response)
	return response.bytes, err
}

// Close ends the stream.
func (s *stream) Close() error { s.cancel(); return nil }

// received is an answer's size. Its bytes are put together in pooled memory, as gRPC's own codec does before it decodes
// them, and given back: what the caller would do with them is everybody's own affair.
type received struct{ bytes int }

// receiver is rawpb's codec with received.
type receiver struct{ rawpb.Codec }

// Unmarshal takes a *received, or what rawpb takes.
func (c receiver) Unmarshal(data mem.BufferSlice, v any) error {
	r, is := v.(*received)
	if !is {
		return c.Codec.Unmarshal(data, v)
	}
	b := data.MaterializeToBuffer(mem.DefaultBufferPool())
	r.bytes = b.Len()
	b.Free()
	return nil
}

// encodeRequests makes the requests for every key, by shape. A full or one-market request is valid for GetEvent and
// for LookupEvents, whose first fields are the same.
func encodeRequests(events int) (map[Shape][]*rawpb.Message, error) {
	all := make(map[Shape][]*rawpb.Message)
	var failed error
	add := func(shape Shape, m proto.Message) {
		b, err := proto.Marshal(m)
		failed = errors.Join(failed, err)
		all[shape] = append(all[shape], rawpb.New(b))
	}
	for i := range events {
		key := &oddscachev1.LookupEventsRequest_SrId{SrId: world.SrID(i)}
		add(Full, &oddscachev1.LookupEventsRequest{Key: key})
		add(Market, &oddscachev1.LookupEventsRequest{Key: key, MarketIds: []string{world.MarketID}})
		batch := &oddscachev1.BatchGetEventsRequest{}
		for k := range BatchSize {
			batch.Keys = append(batch.Keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: world.SrID((i + k) % events)}})
		}
		add(Batch, batch)
	}
	if failed != nil {
		return nil, fmt.Errorf("encoding requests: %w", failed)
	}
	return all, nil
}
