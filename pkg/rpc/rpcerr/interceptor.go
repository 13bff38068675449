package rpcerr

import (
	"context"
	"log/slog"

	"google.golang.org/grpc"
)

// Stream applies the table to the errors that end streams.
func (t *Table) Stream(log *slog.Logger) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if err := handler(srv, stream); err != nil {
			return t.Apply(stream.Context(), log, info.FullMethod, err)
		}
		return nil
	}
}

// Apply is what the caller of an rpc gets for err. What is unexpected is logged with its full text, and so is nothing
// else: the server's log of calls has the rest.
func (t *Table) Apply(ctx context.Context, log *slog.Logger, method string, err error) error {
	s, expected := t.Status(ctx, err)
	if !expected {
		log.LogAttrs(ctx, slog.LevelError, "unexpected error in an rpc",
			slog.String("method", method), slog.Any("error", err))
	}
	return s.Err()
}
