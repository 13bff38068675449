package contestant

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/bench/world"
)

// BareFeed sends a world's whole log, in batches as the feed does, over a bare gRPC stream to a client that looks at
// nothing, and returns the number of bytes.
func BareFeed(ctx context.Context, w *world.World) (sent int64, err error) {
	c := &Contestant{Name: "bare stream"}
	defer func() { err = errors.Join(err, c.Close()) }()
	server := grpc.NewServer(append(serverOptions(), grpc.ForceServerCodecV2(rawpb.NewCodec()))...)
	generated := oddscachev1.SnapshotFeedService_ServiceDesc
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: generated.ServiceName, HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{StreamName: "StreamSnapshots", ServerStreams: true, ClientStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
			v := w.Log().View()
			for at := int64(0); at < v.Head; {
				entries, to := v.After(at, feedlog.MaxBatchBytes)
				if err := s.SendMsg(rawpb.New(feedlog.EncodeBatch(feedlog.Batch{From: at, To: to, Entries: entries, More: to < v.Head})...)); err != nil {
					return err
				}
				at = to
			}
			return nil
		}}},
	}, c)
	addr, err := c.serve(server)
	if err != nil {
		return 0, err
	}
	conn, err := client.New(addr, client.Options{MaxRecvBytes: maxResponse})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	s, err := conn.NewStream(ctx, &generated.Streams[0], oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName,
		grpc.ForceCodecV2(receiver{rawpb.NewCodec()}))
	if err == nil {
		err = s.CloseSend()
	}
	if err != nil {
		return 0, fmt.Errorf("opening the bare stream: %w", err)
	}
	for {
		var m received
		if err := s.RecvMsg(&m); errors.Is(err, io.EOF) {
			return sent, nil
		} else if err != nil {
			return sent, fmt.Errorf("receiving: %w", err)
		}
		sent += int64(m.bytes)
	}
}
