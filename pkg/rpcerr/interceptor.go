package rpcerr

import (
	"context"
	"log/slog"

	"google.golang.org/grpc"
)

// Unary applies the table to the errors of unary rpcs. What is unexpected is logged with its full text, and so is
// nothing else: the server's log of calls has the rest.
func (t *Table) Unary(log *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		resp, err := handler(ctx, req)
		if err != nil {
			return nil, t.apply(ctx, log, info.FullMethod, err)
		}
		return resp, nil
	}
}

// Stream applies the table to the errors that end streams, as Unary does.
func (t *Table) Stream(log *slog.Logger) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if err := handler(srv, stream); err != nil {
			return t.apply(stream.Context(), log, info.FullMethod, err)
		}
		return nil
	}
}

// apply returns what the caller gets for err.
func (t *Table) apply(ctx context.Context, log *slog.Logger, method string, err error) error {
	s, expected := t.Status(ctx, err)
	if !expected {
		log.LogAttrs(ctx, slog.LevelError, "unexpected error in an rpc",
			slog.String("method", method), slog.Any("error", err))
	}
	return s.Err()
}
