// Command bookiesim serves the simulated bookmakers. Package bookiesim says on which addresses, package sim what they do.
package main

import (
	"context"
	"log/slog"
	"os"

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
	var cli cli
	cmdline.Main(&cli, "bookiesim", "Simulated bookmakers: BetPawa, SportyBet and Bet9ja.")
}
