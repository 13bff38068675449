package contestant

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// bare answers prepared bytes, one answer after another, and does not look at the request.
type bare struct {
	responses map[Shape][]*rawpb.Message
	next      atomic.Uint64
}

// NewBare starts the floor: a gRPC server with the cache's codec and transport settings that does nothing at all. It
// has a method and a stream for each shape, told apart by the request's size alone.
func NewBare(responses Responses) (*Contestant, error) {
	c := &Contestant{Name: "bare gRPC"}
	b := &bare{responses: make(map[Shape][]*rawpb.Message)}
	for shape, all := range responses {
		for _, a := range all {
			b.responses[shape] = append(b.responses[shape], rawpb.New(a))
		}
	}
	server := grpc.NewServer(append(serverOptions(), grpc.ForceServerCodecV2(rawpb.NewCodec()))...)
	server.RegisterService(b.desc(), b)
	addr, err := c.serve(server)
	if err == nil {
		err = c.dial(addr, len(responses[Full]))
	}
	return started(c, err)
}

func (b *bare) desc() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: oddscachev1.OddsCacheService_ServiceDesc.ServiceName,
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "GetEvent", Handler: b.unary(b.event)},
			{MethodName: "BatchGetEvents", Handler: b.unary(func(*rawpb.Message) *rawpb.Message { return b.pick(Batch) })},
		},
		Streams: []grpc.StreamDesc{{StreamName: "LookupEvents", Handler: b.lookups, ServerStreams: true, ClientStreams: true}},
	}
}

func (b *bare) unary(response func(*rawpb.Message) *rawpb.Message) grpc.MethodHandler {
	return func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var request rawpb.Message
		if err := decode(&request); err != nil {
			return nil, err
		}
		return response(&request), nil
	}
}

func (b *bare) lookups(_ any, stream grpc.ServerStream) error {
	for {
		var request rawpb.Message
		if err := stream.RecvMsg(&request); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := stream.SendMsg(b.event(&request)); err != nil {
			return err
		}
	}
}

// event is the next answer; a request that names a market is longer.
func (b *bare) event(request *rawpb.Message) *rawpb.Message {
	const keyAlone = 12
	if request.Data.Len() > keyAlone {
		return b.pick(Market)
	}
	return b.pick(Full)
}

func (b *bare) pick(shape Shape) *rawpb.Message {
	all := b.responses[shape]
	return all[b.next.Add(1)%uint64(len(all))]
}
