// Command standalone runs scraper and cache in one process, with a private Postgres and simulated bookmakers, until it
// is interrupted. It is what "make run" runs.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/oddscache/oddscache/pkg/obs/tracing"
	"github.com/oddscache/oddscache/services/standalone"
)

func main() {
	var cfg standalone.Config
	kong.Parse(&cfg, kong.Name("standalone"), kong.UsageOnError(), kong.Description(
		"Runs the scraper and the cache in one process, with a private Postgres and simulated bookmakers."))
	if err := run(cfg); err != nil {
		fmt.Fprintln(os.Stderr, "standalone:", err)
		os.Exit(1)
	}
}

// run runs until the process is asked to end; a second request ends it at once.
func run(cfg standalone.Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop)
	app, err := standalone.New(cfg, os.Stdout)
	if err != nil {
		return err
	}
	return tracing.Around(ctx, "standalone", func() error { return app.Run(ctx) })
}
