// Command scraper reads the bookmakers, stores what changed and serves the feed.
//
// It is not where anything is decided: see the package scraper.
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
	parsed := cmdline.Parse(ctx, &cli, "scraper",
		"Reads the odds of BetPawa and its competitors, keeps them in Postgres and streams every change to caches.")
	if err := tracing.Around(ctx, "scraper", func() error { return parsed.Run(&cli.Log) }); err != nil {
		parsed.Errorf("%v", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
