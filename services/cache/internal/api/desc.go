package api

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Register adds the service to a gRPC server, whose codec must be rawpb's.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	desc := Description()
	r.RegisterService(&desc, s)
}

// Description is the generated description of OddsCacheService with handlers that take raw answers. Reflection sees
// no difference.
func Description() grpc.ServiceDesc {
	desc := oddscachev1.OddsCacheService_ServiceDesc
	desc.HandlerType = (*any)(nil)
	desc.Methods = slices.Clone(desc.Methods)
	handlers := map[string]grpc.MethodHandler{
		"GetEvent":                getEvent,
		"BatchGetEvents":          unary(oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName, (*Server).BatchGetEvents),
		"ListEvents":              unary(oddscachev1.OddsCacheService_ListEvents_FullMethodName, (*Server).ListEvents),
		"ResolveCompetitorEvents": unary(oddscachev1.OddsCacheService_ResolveCompetitorEvents_FullMethodName, (*Server).ResolveCompetitorEvents),
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
	defer in.Free() // an answer has nothing of its request's
	server, ok := srv.(*Server)
	if !ok {
		return nil, fmt.Errorf("GetEvent is registered with a %T", srv)
	}
	call := func(ctx context.Context, _ any) (any, error) {
		var q lookup
		if err := q.read(in.Bytes()); err != nil {
			return nil, err
		}
		return answer(server.getEvent(ctx, &q))
	}
	if interceptor == nil {
		return call(ctx, in)
	}
	return interceptor(ctx, in, &server.getInfo, call)
}

// unary makes what protoc-gen-go-grpc would generate, for an answer of any type that the codec takes.
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
		if interceptor == nil {
			return answer(call(server, ctx, in))
		}
		info := &grpc.UnaryServerInfo{Server: srv, FullMethod: method}
		return interceptor(ctx, in, info, func(ctx context.Context, _ any) (any, error) {
			return answer(call(server, ctx, in)) // interceptors hand the request on as it is
		})
	}
}

// answer keeps a nil answer from looking like one.
func answer[Response any](r *Response, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}
