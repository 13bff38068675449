// Command record writes down what a scraper and a cache of one version say to each other, for the tests of the next: it
// runs their binaries with a small simulated world, stands between them, and lets them go through a full sync, cycles
// that change, confirm and evict, and a resume.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/versions"
)

func main() {
	bin := flag.String("bin", "bin", "folder with the version's binaries")
	version := flag.String("version", "", "name of the version")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := record(ctx, *bin, *version, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// record runs the two and writes the recording.
func record(ctx context.Context, bin, version, out string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	b, err := start(ctx, bin)
	defer func() { err = errors.Join(err, b.close()) }()
	if err != nil {
		return err
	}
	if err := b.script(ctx); err != nil {
		return err
	}
	r := &versions.Recording{Version: version, Streams: b.tap.take()}
	for token := ""; ; {
		page, err := b.Cache.ListEvents(ctx, &oddscachev1.ListEventsRequest{IncludeSnapshots: true, PageToken: token})
		if err != nil {
			return fmt.Errorf("listing what the cache holds: %w", err)
		}
		for _, e := range page.GetEvents() {
			body, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
			if err != nil {
				return fmt.Errorf("encoding %s: %w", e.GetEvent().GetSrId(), err)
			}
			r.Events = append(r.Events, body)
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	for i, s := range r.Streams {
		fmt.Fprintf(os.Stderr, "stream %d: %d messages of the replica, %d of the source\n", i, len(s.From(true)), len(s.From(false)))
	}
	fmt.Fprintf(os.Stderr, "%d events in the end\n", len(r.Events))
	return r.Write(out)
}

// script is what happens while the tape runs.
func (b *testbed) script(ctx context.Context) error {
	books := b.Simulator
	if err := books.Freeze(ctx); err != nil {
		return err
	}
	events, err := books.Events(ctx)
	if err != nil {
		return err
	}
	var football []sim.Event
	for _, e := range events {
		if e.Sport == "football" && len(e.Listings) == 3 {
			football = append(football, e)
		}
	}
	steps := []func() error{
		func() error { return nil }, // everything is new; the cache starts behind it
		func() error { return b.Caches[0].Start() },
		func() error { _, err := books.MoveOdds(ctx, 0.05, 1); return err },
		func() error { return nil }, // only confirmations
		func() error { return books.Recreate(ctx, sim.Bet9ja, football[0].SrID) },
		func() error { return books.Vanish(ctx, sim.SportyBet, football[1].SrID) },
		func() error { return books.Postpone(ctx, football[2].SrID, time.Now().Add(soon)) },
		func() error { return evictable(ctx) },
		func() error { b.wire.Cut(); _, err := books.MoveOdds(ctx, 0.02, 2); return err }, // resumed
		func() error { return nil },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		done, err := b.Scraper.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true}, grpc.WaitForReady(true))
		if err != nil || done.GetCycle().GetStatus() != oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED {
			return fmt.Errorf("step %d: cycle %v: %w", i, done.GetCycle().GetStatus(), err)
		}
		if i == 0 {
			continue
		}
		if _, err := b.Caches[0].Await(ctx, cluster.Live, done.GetRevision()); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}
