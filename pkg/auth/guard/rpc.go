package guard

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
)

// Unary rejects calls, or lets them through to the handler.
func (g *Guard) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	token, err := g.caller(ctx, info.FullMethod)
	if err == nil && token != nil {
		err = token.Take(g.cfg.Cost(req))
	}
	if err != nil {
		return nil, g.count(info.FullMethod, peerOf(ctx), err)
	}
	return handler(ctx, req)
}

// Stream rejects streams, and ends those whose token is revoked. A stream takes one lookup of its token's rate;
// handlers that answer several take more by CallerOf.
func (g *Guard) Stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx := stream.Context()
	token, err := g.caller(ctx, info.FullMethod)
	if err == nil && token == nil {
		return handler(srv, stream)
	}
	if err == nil {
		err = token.Take(1)
	}
	if err == nil {
		err = token.Open()
	}
	if err != nil {
		return g.count(info.FullMethod, peerOf(ctx), err)
	}
	defer token.Close()
	return g.whileValid(token, srv, stream, info.FullMethod, handler)
}

// whileValid runs a stream until its token is revoked.
func (g *Guard) whileValid(
	token *tokens.Token, srv any, stream grpc.ServerStream, method string, handler grpc.StreamHandler,
) error {
	ctx, cancel := context.WithCancelCause(context.WithValue(stream.Context(), callerKey{}, token))
	defer cancel(nil)
	release := context.AfterFunc(token.Life(), func() { cancel(ErrRevoked) })
	defer release()
	err := handler(srv, &tokenStream{ServerStream: stream, ctx: ctx})
	if err != nil && context.Cause(ctx) == ErrRevoked { //nolint:errorlint // causes are compared, not unwrapped
		return g.count(method, peerOf(ctx), fmt.Errorf("%w: %w", ErrRevoked, err))
	}
	return err
}

// tokenStream is a stream whose context ends with its token.
type tokenStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // it replaces the one that the embedded stream contains
}

// Context returns the stream's context.
func (s *tokenStream) Context() context.Context { return s.ctx }

// callerKey is the key of a stream's token in its context.
type callerKey struct{}

// CallerOf is the token that a stream was opened with, nil when none was needed.
func CallerOf(ctx context.Context) *tokens.Token {
	token, _ := ctx.Value(callerKey{}).(*tokens.Token)
	return token
}

// caller decides about an rpc. It returns the token of a caller who was let in by one.
func (g *Guard) caller(ctx context.Context, method string) (*tokens.Token, error) {
	switch right := g.cfg.Table[method]; right {
	case "":
		return nil, ErrNoRow
	case Open:
		return nil, nil //nolint:nilnil // let in without a token
	case Token:
		return g.byToken(ctx)
	default:
		return nil, g.byName(method, right, namesOf(ctx))
	}
}

// byToken finds the token that a call brings.
func (g *Guard) byToken(ctx context.Context) (*tokens.Token, error) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) == 0 || g.cfg.Tokens == nil {
		return nil, ErrNoToken
	}
	scheme, text, found := strings.Cut(values[0], " ")
	if len(values) > 1 || !found || text == "" || !strings.EqualFold(scheme, "bearer") {
		return nil, ErrScheme
	}
	if token := g.cfg.Tokens.Find(text); token != nil {
		return token, nil
	}
	return nil, ErrToken
}

// namesOf are the names of the certificate that the connection was made with.
func namesOf(ctx context.Context) []string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok {
		return nil
	}
	return certs.Names(info.State)
}

// peerOf is the address that a call comes from, for the log.
func peerOf(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok {
		return p.Addr.String()
	}
	return "unknown"
}
