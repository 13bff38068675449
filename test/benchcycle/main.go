// Command benchcycle measures whole cycles against a real Postgres and the simulated bookmakers, with the scraper and
// a cache as processes of their own, and prints the figures beside what they are asked to be.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	var o options
	flag.IntVar(&o.events, "events", 0, "upcoming events; 0 for the 1,291 of the real sites")
	flag.Float64Var(&o.latency, "latency", 1, "factor on the measured latencies; the bound follows it")
	flag.IntVar(&o.rounds, "rounds", 3, "cycles with moved markets, and repetitions of whatever is repeated")
	flag.IntVar(&o.copies, "copies", 9, "copies of everything for the large warm start; 0 leaves it out")
	flag.IntVar(&o.followers, "followers", 50, "replicas that follow the feed beside the cache; 0 leaves them out")
	flag.StringVar(&o.markdown, "markdown", "", "file to write the report to")
	flag.StringVar(&o.profiles, "profiles", "", "folder for the scraper's CPU profiles, one a cycle")
	flag.BoolVar(&o.verbose, "v", false, "show the services' logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "benchcycle:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
