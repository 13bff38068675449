// Command bookiesim serves the simulated bookmakers. Package bookiesim says on which addresses, package sim what they do.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/oddscache/oddscache/pkg/cmdline"
	"github.com/oddscache/oddscache/services/bookiesim"
)

// cli is the command line. Without a command it serves.
type cli struct {
	Serve       serve       `cmd:"" default:"withargs" help:"Serve the simulated bookmakers."`
	Healthcheck healthcheck `cmd:"" help:"Ask a running simulator for the state of its world; exit 1 when it does not answer."`
}

type serve struct {
	bookiesim.Config `embed:""`
}

// Run serves until the process is stopped.
func (s *serve) Run(ctx context.Context) error {
	app, err := bookiesim.New(ctx, s.Config, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	return app.Run(ctx)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var cli cli
	parsed := cmdline.Parse(ctx, &cli, "bookiesim", "Simulated bookmakers: BetPawa, SportyBet and Bet9ja.")
	if err := parsed.Run(); err != nil {
		parsed.Errorf("%v", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
