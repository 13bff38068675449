// Package feedtest runs the scraper's feed for tests in other modules: the real server with the real error table and
// transport settings, over any listener and any writer of a log.
//
// It is not for programs, which run the scraper as a whole, and it has neither database nor bookmakers: whoever uses it
// brings a Source.
package feedtest

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/api"
	"github.com/oddscache/oddscache/services/scraper/internal/feed"
)

// Source is one term of a writer, as the feed sees it.
type Source = feed.Source

// Config says how a feed is served.
type Config struct {
	// Listener is closed by the server.
	Listener net.Listener
	// BatchBytes bounds the frames of a batch; 0 is the feed's own limit.
	BatchBytes int
	Logger     *slog.Logger
	// Options are the gRPC server's, such as an interceptor that records or delays messages. They stand inside of
	// the server's own.
	Options []grpc.ServerOption
}

// Server serves the feed of whoever leads. Use New, then Run once.
type Server struct {
	feed *feed.Server
	rpc  *server.Server
}

// New makes a server that stands by.
func New(cfg Config) (*Server, error) {
	table, err := api.Errors()
	if err != nil {
		return nil, fmt.Errorf("making the error table: %w", err)
	}
	var options []feed.Option
	if cfg.BatchBytes > 0 {
		options = append(options, feed.BatchBytes(cfg.BatchBytes))
	}
	s := &Server{feed: feed.New(cfg.Logger, options...)}
	s.rpc, err = server.New(server.Config{
		Listener: cfg.Listener, Errors: table, Logger: cfg.Logger, Codec: rawpb.NewCodec(), Options: cfg.Options,
		Drain: func(context.Context) { s.feed.Close() },
	}, func(r grpc.ServiceRegistrar) { oddscachev1.RegisterSnapshotFeedServiceServer(r, s.feed) })
	if err != nil {
		return nil, fmt.Errorf("opening the gRPC server: %w", err)
	}
	return s, nil
}

// Lead makes src the source of new streams.
func (s *Server) Lead(src Source) { s.feed.Lead(src) }

// StandBy makes the server reject new streams.
func (s *Server) StandBy() { s.feed.StandBy() }

// Replicas returns how many streams are open and how many of their replicas acknowledged lately.
func (s *Server) Replicas() (open, live int) { return s.feed.Replicas() }

// Run serves until ctx ends, and returns when every stream and its goroutines have ended.
func (s *Server) Run(ctx context.Context) error {
	err := s.rpc.Run(ctx)
	s.feed.Close()
	s.feed.Wait()
	return err
}
