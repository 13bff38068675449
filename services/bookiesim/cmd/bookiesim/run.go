package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// run serves until ctx ends. All listeners are open before the first request is answered.
func run(ctx context.Context, opts options, logs io.Writer) error {
	cfg, err := opts.config()
	if err != nil {
		return err
	}
	world, err := sim.New(cfg)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(logs, nil))
	type door struct {
		name, addr string
		handler    http.Handler
	}
	doors := []door{
		{"all", opts.Listen, world.Combined()},
		{sim.BetPawa, opts.BetpawaListen, world.Handler(sim.BetPawa)},
		{sim.SportyBet, opts.SportybetListen, world.Handler(sim.SportyBet)},
		{sim.Bet9ja, opts.Bet9jaListen, world.Handler(sim.Bet9ja)},
	}
	group, ctx := errgroup.WithContext(ctx)
	var open []func() error
	for _, d := range doors {
		if d.addr == "" {
			continue
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", d.addr)
		if err != nil {
			return fmt.Errorf("listening for %s: %w", d.name, err)
		}
		defer listener.Close() //nolint:errcheck // closed by its server before, except when a later one fails to open
		log.Info("listening", "bookmaker", d.name, "address", listener.Addr().String())
		open = append(open, func() error { return sim.ServeHandler(ctx, listener, d.handler) })
	}
	state := world.State()
	log.Info("the world is ready", "seed", cfg.Seed, "events", state.Events, "offered", fmt.Sprint(state.Offered))
	for _, serve := range open {
		group.Go(serve) // ends with ctx
	}
	return group.Wait() //nolint:wrapcheck // it is this package's own error
}

// parseFault reads bookmaker:kind:share. The share may be left out; a slow one waits two seconds.
func parseFault(text string) (sim.Fault, error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) < 2 {
		return sim.Fault{}, fmt.Errorf("reading fault %q: want bookmaker:kind:share", text)
	}
	fault := sim.Fault{Bookmaker: parts[0], Kind: sim.FaultKind(parts[1])}
	if len(parts) == 3 {
		share, err := strconv.ParseFloat(parts[2], 64)
		if err != nil {
			return sim.Fault{}, fmt.Errorf("reading fault %q: %w", text, err)
		}
		fault.Share = share
	}
	if fault.Kind == sim.Slow {
		fault.Delay = 2 * time.Second
	}
	if err := fault.Validate(); err != nil {
		return sim.Fault{}, fmt.Errorf("reading fault %q: %w", text, err)
	}
	return fault, nil
}
