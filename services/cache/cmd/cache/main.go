// Command cache follows the scraper's feed and answers lookups.
//
// It is not where anything is decided: see the package cache.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/oddscache/oddscache/pkg/cmdline"
	"github.com/oddscache/oddscache/pkg/obs/tracing"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var cli cli
	parsed := cmdline.Parse(ctx, &cli, "cache",
		"Holds the newest odds of every upcoming event in memory and answers lookups.")
	if err := tracing.Around(ctx, "cache", func() error { return parsed.Run(&cli.Log) }); err != nil {
		parsed.Errorf("%v", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
