package feedmodel

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/services/scraper/feedtest"
)

// node is a machine that runs a scraper.
type node struct {
	w    *world
	addr string

	server *feedtest.Server // nil while the process is dead
	stop   context.CancelFunc
	done   chan error
	backAt time.Time // when a dead process is started again
}

// batchBytes makes batches of two or three of a history's entries, so that streams can be cut in many places.
const batchBytes = 300

func (n *node) start() error {
	var err error
	n.server, err = feedtest.New(feedtest.Config{
		Listener: n.w.net.listen(n.addr), BatchBytes: batchBytes, Logger: slog.New(slog.DiscardHandler),
		Options: []grpc.ServerOption{grpc.ChainStreamInterceptor(intercept(n.w.taps))},
	})
	if err != nil {
		return fmt.Errorf("starting %s: %w", n.addr, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	n.stop, n.done = stop, make(chan error, 1)
	go func(s *feedtest.Server) { n.done <- s.Run(ctx) }(n.server) // ends by kill
	return nil
}

// kill ends the process without a word to anybody: its wires break first.
func (n *node) kill() error {
	if n.server == nil {
		return nil
	}
	n.w.net.unplug(n.addr)
	n.stop()
	err := <-n.done
	n.server = nil
	return err
}
