package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// chain makes the one order of interceptors, outermost first. Metrics and the log see the code that callers see;
// the error table sees the capped context, whose cause becomes the message, and the guard's rejections; panics become errors inside
// of the table, so they are logged and hidden as any bug is. unary has the same order, but for the guard inside of the recovery.
func (s *Server) chain(table *rpcerr.Table, counted *metrics) (stream []grpc.StreamServerInterceptor) {
	stream = append(stream, counted.stream, s.logStream, table.Stream(s.cfg.Logger))
	if s.cfg.Guard != nil {
		stream = append(stream, s.cfg.Guard.Stream)
	}
	return append(stream, s.endWithServer, s.countSent, recovery.StreamServerInterceptor())
}

// unary is everything around the handler of a unary rpc. It is one function because gRPC makes a closure for
// each further one at every call, which a lookup notices.
func (s *Server) unary(table *rpcerr.Table, counted *metrics) grpc.UnaryServerInterceptor {
	capped, recovered := s.capUnary(), recovery.UnaryServerInterceptor()
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		start, method := time.Now(), counted.methods[info.FullMethod]
		method.began()
		within, release := capped(ctx, info.FullMethod)
		defer release()
		if s.cfg.Guard != nil {
			admitted := handler
			handler = func(ctx context.Context, req any) (any, error) { return s.cfg.Guard.Unary(ctx, req, info, admitted) }
		}
		connection := unread.Of(ctx)
		err := connection.Check()
		var resp any
		if err == nil {
			resp, err = recovered(within, req, info, handler)
		}
		if err == nil {
			resp, err = s.respond(connection, resp)
		}
		if err != nil {
			s.unread.CountRejection(err)
			resp, err = nil, table.Apply(within, s.cfg.Logger, info.FullMethod, err)
		}
		method.ended(err, start)
		s.logEnd(ctx, info.FullMethod, start, err)
		return resp, err
	}
}

// levelOf is the level at which an rpc's end is logged. What callers bring about themselves is no news to the
// operator, and would let them fill the log.
func levelOf(code codes.Code) slog.Level {
	switch code {
	case codes.OK, codes.Canceled, codes.InvalidArgument, codes.NotFound, codes.OutOfRange,
		codes.Unauthenticated, codes.PermissionDenied, codes.ResourceExhausted: // the guard has a line for these, now and then
		return slog.LevelDebug
	default:
		return slog.LevelWarn
	}
}

// logStream logs the end of a stream.
func (s *Server) logStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	start := time.Now()
	err := handler(srv, stream)
	s.logEnd(stream.Context(), info.FullMethod, start, err)
	return err
}

// logEnd writes the line. err has been through the error table. It is written by hand because the middleware collection's
// logger makes its fields before it knows whether the line is wanted, which is a large part of what a lookup costs.
func (s *Server) logEnd(ctx context.Context, method string, start time.Time, err error) {
	code := status.Code(err)
	level := levelOf(code)
	if !s.cfg.Logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("code", code.String()), slog.Duration("took", time.Since(start)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("reason", rpcerr.Reason(err)), slog.String("error", status.Convert(err).Message()))
	}
	s.cfg.Logger.LogAttrs(ctx, level, "rpc finished", attrs...)
}

// capUnary bounds unary rpcs, apart from those that the config lists. What it returns is released when the rpc has ended.
func (s *Server) capUnary() func(context.Context, string) (context.Context, context.CancelFunc) {
	limit := s.cfg.MaxUnary
	cause := fmt.Errorf("the server ends calls after %v", limit)
	uncapped := make(map[string]bool, len(s.cfg.Uncapped))
	for _, method := range s.cfg.Uncapped {
		uncapped[method] = true
	}
	return func(ctx context.Context, method string) (context.Context, context.CancelFunc) {
		if deadline, ok := ctx.Deadline(); uncapped[method] || (ok && time.Until(deadline) <= limit) {
			return ctx, func() {}
		}
		return context.WithTimeoutCause(ctx, limit, cause)
	}
}

// endWithServer ends a stream's context when the server stops, and makes its error one that says so.
func (s *Server) endWithServer(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	release := context.AfterFunc(s.draining, func() { cancel(ErrShuttingDown) })
	defer release()
	err := handler(srv, &endingStream{ServerStream: stream, ctx: ctx})
	if err != nil && context.Cause(ctx) == ErrShuttingDown { //nolint:errorlint // causes are compared, not unwrapped
		return fmt.Errorf("%w: %w", ErrShuttingDown, err)
	}
	return err
}

// endingStream is a stream whose context ends with the server.
type endingStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // it replaces the one that the embedded stream contains
}

// Context returns the stream's context.
func (s *endingStream) Context() context.Context { return s.ctx }
