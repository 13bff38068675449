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
	flag.IntVar(&o.many, "many", 100_000, "events of five bookmakers and 5 kB a snapshot that the cache holds for interference; the store is made for as many")
	flag.IntVar(&o.rounds, "rounds", 10, "interleaved rounds; the tables show medians")
	flag.DurationVar(&o.slice, "slice", 250*time.Millisecond, "how long a contestant is asked in a round")
	flag.IntVar(&o.callers, "callers", 32, "callers of the closed loop")
	flag.IntVar(&o.streams, "streams", 4, "lookup streams")
	flag.IntVar(&o.window, "window", 32, "open lookups on a stream")
	flag.StringVar(&o.only, "only", "", "only these parts, a comma list of: lookups, latency, streams, clients, inprocess, apply, memory, interference")
	flag.StringVar(&o.markdown, "markdown", "", "file to write the report to")
	flag.StringVar(&o.profile, "profile", "", "file for a CPU profile of the cache's own slices")
	serve := flag.String("serve-cache", "", "be a cache that follows this feed, until standard input ends; for the program's own use")
	source := flag.Int("serve-source", 0, "be a source of so many small events, until standard input ends; for the program's own use")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case *serve != "":
		err = contestant.ServeCache(ctx, *serve, os.Stdin, os.Stdout)
	case *source > 0:
		err = contestant.ServeSource(*source, os.Stdin, os.Stdout)
	default:
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
