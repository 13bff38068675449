// Command bookiesim serves the simulated bookmakers: all three on one address, whose paths do not overlap, and each
// on an address of its own where one is given. Package sim says what they do.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line. Without a command it serves.
type cli struct {
	Serve       options     `cmd:"" default:"withargs" help:"Serve the simulated bookmakers."`
	Healthcheck healthcheck `cmd:"" help:"Ask a running simulator how its world stands; exit 1 when it does not answer."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	var cli cli
	parsed := kong.Parse(&cli, kong.Name("bookiesim"),
		kong.Description("Simulated bookmakers: BetPawa, SportyBet and Bet9ja."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	err := parsed.Run()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bookiesim:", err)
		os.Exit(1)
	}
}
