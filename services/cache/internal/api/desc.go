package api

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Register adds the service to a gRPC server, whose codec must be rawpb's.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	desc := Description()
	r.RegisterService(&desc, s)
}

// Description is the generated description of OddsCacheService with handlers whose responses are raw messages. Reflection
// sees no difference.
func Description() grpc.ServiceDesc {
	desc := oddscachev1.OddsCacheService_ServiceDesc
	desc.HandlerType = (*any)(nil)
	desc.Methods = slices.Clone(desc.Methods)
	resolve := queued(oddscachev1.OddsCacheService_ResolveCompetitorEvents_FullMethodName, (*Server).ResolveCompetitorEvents)
	handlers := map[string]grpc.MethodHandler{
		"GetEvent":                getEvent,
		"BatchGetEvents":          queued(oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName, (*Server).BatchGetEvents),
		"ListEvents":              queued(oddscachev1.OddsCacheService_ListEvents_FullMethodName, (*Server).ListEvents),
		"ResolveCompetitorEvents": resolve,
		"GetStats":                unary(oddscachev1.OddsCacheService_GetStats_FullMethodName, (*Server).GetStats),
	}
	for i := range desc.Methods {
		desc.Methods[i].Handler = handlers[desc.Methods[i].MethodName]
	}
	desc.Streams = slices.Clone(desc.Streams)
	streams := map[string]grpc.StreamHandler{"LookupEvents": lookupEvents, "WatchEvents": watchEvents}
	for i := range desc.Streams {
		desc.Streams[i].Handler = streams[desc.Streams[i].StreamName]
	}
	return desc
}

// getEvent is unary for GetEvent, whose request is read without reflection: that pays on the busiest rpc.
//
//nolint:revive // gRPC gives handlers their arguments in this order
//nolint:revive // the order is gRPC's
func getEvent(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	in := new(rawpb.Pooled)
	if err := decode(in); err != nil {
		return nil, err
	}
	defer in.Free() // a response has nothing of its request's
	server, ok := srv.(*Server)
	if !ok {
		return nil, fmt.Errorf("GetEvent is registered with a %T", srv)
	}
	call := func(ctx context.Context, _ any) (any, error) {
		var q lookup
		if err := q.read(in.Bytes()); err != nil {
			return nil, err
		}
		return response(server.getEvent(ctx, &q))
	}
	if interceptor == nil {
		return call(ctx, in)
	}
	return interceptor(ctx, in, &server.getInfo, call)
}

// unary makes what protoc-gen-go-grpc would generate, for a response of any type that the codec takes.
func unary[Request, Response any](method string, call func(*Server, context.Context, *Request) (*Response, error)) grpc.MethodHandler {
	return func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		in := new(Request)
		if err := decode(in); err != nil {
			return nil, err
		}
		server, ok := srv.(*Server)
		if !ok {
			return nil, fmt.Errorf("%s is registered with a %T", method, srv)
		}
		return intercepted(ctx, server, method, in, interceptor, func(ctx context.Context, _ any) (any, error) {
			return response(call(server, ctx, in))
		})
	}
}

// queued is unary for calls about many events: the request is decoded and answered in the call's place of the queue. A call
// that is rejected is not decoded, but goes through the interceptor, which counts it.
func queued[Request, Response any](method string, call func(*Server, context.Context, *Request) (*Response, error)) grpc.MethodHandler {
	return func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		c := &batchCall{}
		if err := decode(&c.request); err != nil {
			return nil, err
		}
		server, ok := srv.(*Server)
		if !ok {
			return nil, fmt.Errorf("%s is registered with a %T", method, srv)
		}
		c.queue = server.queue
		rejection := c.enter(ctx)
		defer c.leave()
		in := new(Request)
		var err error
		if rejection == nil {
			err = unmarshal(c.request.Bytes(), in)
		}
		c.request.Free()
		if err != nil {
			return nil, err
		}
		return intercepted(ctx, server, method, in, interceptor, func(ctx context.Context, _ any) (any, error) {
			if rejection != nil {
				return nil, rejection
			}
			if r, ok := any(in).(interface{ GetMinRevision() int64 }); ok && r.GetMinRevision() > 0 {
				ctx = context.WithValue(ctx, batchCallKey{}, c)
			}
			return response(call(server, ctx, in))
		})
	}
}

// intercepted calls the handler through the interceptor, which hands the request on as it is.
func intercepted(
	ctx context.Context, server *Server, method string, in any, interceptor grpc.UnaryServerInterceptor, handler grpc.UnaryHandler,
) (any, error) {
	if interceptor == nil {
		return handler(ctx, in)
	}
	return interceptor(ctx, in, &grpc.UnaryServerInfo{Server: server, FullMethod: method}, handler)
}

// unmarshal decodes a request.
func unmarshal(b []byte, request any) error {
	m, ok := request.(proto.Message)
	if !ok {
		return status.Errorf(codes.Internal, "%T is no message", request)
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return status.Errorf(codes.Internal, "unmarshalling a request of %d bytes: %v", len(b), err)
	}
	return nil
}

// response turns a nil *Response into a nil interface, so that no response goes with an error.
func response[Response any](r *Response, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}
