package standalone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// How the prices of the simulated bookmakers move: so that a cycle finds about half of the snapshots changed.
const (
	oddsMove      = simulatedInterval
	oddsMoveShare = 0.005
)

// bookmakers are the simulated ones, all behind one address; none when the live ones are asked.
type bookmakers struct {
	url     string // empty for the live sites
	listen  net.Listener
	handler http.Handler
}

// openBookmakers opens the simulated bookmakers on a port of their own.
func (s *session) openBookmakers() (*bookmakers, error) {
	if s.cfg.Bookmakers == Live {
		s.display.Line("asking the live bookmakers")
		return &bookmakers{}, nil
	}
	world, err := sim.New(worldConfig(s.cfg))
	if err != nil {
		return nil, fmt.Errorf("making the simulated bookmakers: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the simulated bookmakers: %w", err)
	}
	url := "http://" + listener.Addr().String()
	s.display.Line(fmt.Sprintf("simulated bookmakers offer %d upcoming events on %s", s.cfg.Events, url))
	return &bookmakers{url: url, listen: listener, handler: world.Combined()}, nil
}

// worldConfig is a world of the asked size, with the usual shares of events that a bookmaker does not list.
func worldConfig(cfg Config) sim.Config {
	c := sim.DefaultConfig()
	for b, n := range c.Offered {
		c.Offered[b] = max(1, (n*cfg.Events+c.Events-1)/c.Events)
	}
	c.Events, c.Seed, c.Tick, c.MoveShare = cfg.Events, cfg.Seed, oddsMove, oddsMoveShare
	return c
}

// run serves until ctx ends.
func (b *bookmakers) run(ctx context.Context) error {
	if b.listen == nil {
		return nil
	}
	return sim.ServeHandler(ctx, b.listen, b.handler)
}

// close ends the listener, also when it was never served.
func (b *bookmakers) close() error {
	if b.listen == nil {
		return nil
	}
	if err := b.listen.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the simulated bookmakers: %w", err)
	}
	return nil
}
