// Command bench compares the cache with what else could answer the same lookups: a bare gRPC server that sends the
// same bytes, a gRPC server that marshals, Redis and Postgres. All run on this machine, in turn, in interleaved rounds;
// what counts are the ratios.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/oddscache/oddscache/test/bench/contestant"
)

func main() {
	var o options
	flag.IntVar(&o.events, "events", 300, "events that the contestants hold")
	flag.IntVar(&o.rounds, "rounds", 10, "interleaved rounds; the tables show medians")
	flag.DurationVar(&o.slice, "slice", 250*time.Millisecond, "how long a contestant is asked in a round")
	flag.IntVar(&o.callers, "callers", 32, "callers of the closed loop")
	flag.IntVar(&o.streams, "streams", 4, "lookup streams")
	flag.IntVar(&o.window, "window", 32, "open lookups on a stream")
	flag.StringVar(&o.only, "only", "", "only these parts, a comma list of: lookups, latency, streams, clients, inprocess, apply, memory, interference")
	flag.StringVar(&o.markdown, "markdown", "", "file to write the report to")
	flag.StringVar(&o.profile, "profile", "", "file for a CPU profile of the cache's own slices")
	serve := flag.String("serve-cache", "", "be a cache that follows this feed, until standard input ends; for the program's own use")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *serve != "" {
		if err := contestant.ServeCache(ctx, *serve, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench: cache:", err)
		}
		return
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
