package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// errHandlersHang is returned by Run when handlers go on although their contexts have ended.
var errHandlersHang = errors.New("rpc handlers do not end")

// Run serves until ctx ends and then stops, in this order:
//
//  1. health becomes NOT_SERVING, so that load balancers look elsewhere;
//  2. the drain hook runs;
//  3. the contexts of streams end with ErrShuttingDown, so their clients reconnect elsewhere;
//  4. new rpcs are rejected and those under way get to finish;
//  5. when the grace period, which begins with 1, is over, the rest is cut.
//
// Run returns nil after such a stop, also when something had to be cut.
func (s *Server) Run(ctx context.Context) error {
	late, stopLate := context.WithCancel(context.Background()) // until everything is cut
	var closing sync.WaitGroup
	closing.Go(func() { s.unread.Run(late) }) // ends by stopLate
	defer closing.Wait()
	defer stopLate()
	served := make(chan error, 1)
	go func() { served <- s.grpc.Serve(s.listener) }() // ends by GracefulStop or Stop
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serving rpcs: %w", err), s.Close())
	case <-ctx.Done():
	}
	err := s.stop()
	if serveErr := <-served; serveErr != nil && !errors.Is(serveErr, grpc.ErrServerStopped) {
		err = errors.Join(err, fmt.Errorf("serving rpcs: %w", serveErr))
	}
	return err
}

// stop is the order that Run promises.
func (s *Server) stop() error {
	grace, cancel := context.WithTimeout(context.Background(), s.cfg.Grace)
	defer cancel()
	s.health.Shutdown()
	s.cfg.Drain(grace)
	s.endAll()

	finished := make(chan struct{})
	go func() { // ends when the handlers have, which Stop makes them do
		s.grpc.GracefulStop()
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-grace.Done():
	}
	s.cfg.Logger.Warn("cutting rpcs that did not finish in time", slog.Duration("grace", s.cfg.Grace))
	go s.grpc.Stop() // ends together with GracefulStop
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-finished:
		return nil
	case <-timeout.C:
		return fmt.Errorf("stopping after %v and %v more: %w", s.cfg.Grace, stopTimeout, errHandlersHang)
	}
}
