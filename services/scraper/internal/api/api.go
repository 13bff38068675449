// Package api implements ScraperService and HistoryService: it validates requests, calls the engine and the store, and
// converts what they return. Nothing about cycles is decided here.
package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/cycle"
	"github.com/oddscache/oddscache/services/scraper/internal/feed"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// retryRead is how soon a read may be retried that the database could not serve.
const retryRead = time.Second

// Server implements ScraperService. Use New.
type Server struct {
	oddscachev1.UnimplementedScraperServiceServer

	engine *cycle.Engine
	store  *store.Store
}

// New makes a server of an engine and a store, which it does not close.
func New(engine *cycle.Engine, st *store.Store) *Server { return &Server{engine: engine, store: st} }

// Errors is the table of everything that the scraper's services return.
func Errors() (*rpcerr.Table, error) {
	return rpcerr.NewTable(
		rpcerr.Is(lease.ErrNotWriter, codes.Unavailable, "NOT_WRITER"),
		rpcerr.Is(feed.ErrTooOld, codes.Unavailable, "TOO_OLD"),
		rpcerr.Is(feed.ErrClosing, codes.Unavailable, "SHUTTING_DOWN"),
		rpcerr.Is(feed.ErrSubscribe, codes.InvalidArgument, "BAD_SUBSCRIBE"),
		rpcerr.Is(store.ErrNotFound, codes.NotFound, "CYCLE_NOT_FOUND"),
		rpcerr.Is(cycle.ErrUnknownEvent, codes.NotFound, "EVENT_NOT_FOUND"),
		rpcerr.Is(cycle.ErrStarted, codes.FailedPrecondition, "EVENT_STARTED"),
		rpcerr.Is(cycle.ErrNotStored, codes.Unavailable, "NOT_STORED"),
		rpcerr.Is(cycle.ErrSlowWatcher, codes.ResourceExhausted, "WATCHER_TOO_SLOW"),
		rpcerr.Is(pool.ErrBusy, codes.ResourceExhausted, "TOO_MANY_READS").RetryAfter(retryRead),
		rpcerr.Is(pool.ErrReadTimeout, codes.DeadlineExceeded, "READ_TIMEOUT").RetryAfter(retryRead),
		rpcerr.Is(pool.ErrAway, codes.Unavailable, "DATABASE_AWAY").RetryAfter(retryRead),
	)
}

// RunCycle starts or joins a cycle.
func (s *Server) RunCycle(ctx context.Context, req *oddscachev1.RunCycleRequest) (*oddscachev1.RunCycleResponse, error) {
	handle, err := s.engine.Request()
	if err != nil {
		return nil, err
	}
	if !req.GetWait() {
		return &oddscachev1.RunCycleResponse{Cycle: cycleMessage(handle.Describe())}, nil
	}
	ended, err := handle.Wait(ctx)
	if err != nil {
		return nil, err
	}
	return &oddscachev1.RunCycleResponse{Cycle: cycleMessage(ended), Revision: ended.Revision}, nil
}

// GetCycle returns one cycle.
func (s *Server) GetCycle(ctx context.Context, req *oddscachev1.GetCycleRequest) (*oddscachev1.GetCycleResponse, error) {
	if err := validCycleID("cycle_id", req.GetCycleId()); err != nil {
		return nil, err
	}
	c, err := s.store.GetCycle(ctx, req.GetCycleId())
	if err != nil {
		return nil, err
	}
	return &oddscachev1.GetCycleResponse{Cycle: cycleMessage(c)}, nil
}

// ListCycles returns a page of cycles, newest first.
func (s *Server) ListCycles(ctx context.Context, req *oddscachev1.ListCyclesRequest) (*oddscachev1.ListCyclesResponse, error) {
	size, err := pageSize(req.GetPageSize(), defaultCycles, maxCycles)
	if err != nil {
		return nil, err
	}
	before, err := readPageToken(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	cycles, err := s.store.ListCycles(ctx, before, size+1)
	if err != nil {
		return nil, err
	}
	resp := &oddscachev1.ListCyclesResponse{}
	if len(cycles) > size {
		cycles = cycles[:size]
		resp.NextPageToken = pageToken(cycles[size-1].ID)
	}
	for _, c := range cycles {
		resp.Cycles = append(resp.Cycles, cycleMessage(c))
	}
	return resp, nil
}

// errCycleEnded ends the stream of a caller that watches one cycle.
var errCycleEnded = errors.New("watched cycle ended")

// WatchProgress streams steps until the caller goes or the requested cycle has ended.
func (s *Server) WatchProgress(req *oddscachev1.WatchProgressRequest, stream oddscachev1.ScraperService_WatchProgressServer) error {
	only := req.GetCycleId()
	if only != "" {
		if err := validCycleID("cycle_id", only); err != nil {
			return err
		}
	}
	err := s.engine.Progress.Watch(stream.Context(), func(step cycle.Step) error {
		if only != "" && step.CycleID != only {
			return nil
		}
		if err := stream.Send(stepMessage(step)); err != nil {
			return fmt.Errorf("sending a step: %w", err)
		}
		if only != "" && step.Ended != nil {
			return errCycleEnded
		}
		return nil
	})
	if err == nil || errors.Is(err, errCycleEnded) {
		return nil
	}
	return fmt.Errorf("watching cycles: %w", err)
}
