// Command bookiesim serves the simulated bookmakers: all three on one address, whose paths do not overlap, and each
// on an address of its own where one is given. Package bookiesim says what they do.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	var opts options
	kong.Parse(&opts, kong.Name("bookiesim"), kong.Description("Simulated bookmakers: BetPawa, SportyBet and Bet9ja."))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, opts, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bookiesim:", err)
		os.Exit(1)
	}
}
