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
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	bookiesim "github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/benchcycle/rig"
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
	bin, err = filepath.Abs(bin)
	if err != nil {
		return fmt.Errorf("finding the binaries: %w", err)
	}
	p, err := start(ctx, bin)
	defer func() { err = errors.Join(err, p.close()) }()
	if err != nil {
		return err
	}
	if err := p.script(ctx); err != nil {
		return err
	}
	r := &versions.Recording{Version: version, Streams: p.tap.take()}
	for token := ""; ; {
		page, err := p.cache.ListEvents(ctx, &oddscachev1.ListEventsRequest{IncludeSnapshots: true, PageToken: token})
		if err != nil {
			return fmt.Errorf("asking for what the cache holds: %w", err)
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
func (p *pair) script(ctx context.Context) error {
	sim := rig.SimulatorAt(p.simAddr)
	for err := sim.Freeze(ctx); err != nil; err = sim.Freeze(ctx) {
		select {
		case <-time.After(20 * time.Millisecond): // it is starting
		case <-ctx.Done():
			return err
		}
	}
	events, err := sim.Events(ctx)
	if err != nil {
		return err
	}
	var football []bookiesim.Event
	for _, e := range events {
		if e.Sport == "football" && len(e.Listings) == 3 {
			football = append(football, e)
		}
	}
	steps := []func() error{
		func() error { return nil }, // everything is new; the cache starts behind it
		func() error { return p.startCache(ctx) },
		func() error { _, err := sim.MoveOdds(ctx, 0.05, 1); return err },
		func() error { return nil }, // only confirmations
		func() error { return sim.Recreate(ctx, bookiesim.Bet9ja, football[0].SrID) },
		func() error { return sim.Vanish(ctx, bookiesim.SportyBet, football[1].SrID) },
		func() error { return sim.Postpone(ctx, football[2].SrID, time.Now().Add(soon)) },
		func() error { return p.evictable(ctx) },
		func() error { p.wire.Cut(); _, err := sim.MoveOdds(ctx, 0.02, 2); return err }, // resumed
		func() error { return nil },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		done, err := p.scraper.RunCycle(ctx, &oddscachev1.RunCycleRequest{Wait: true})
		if err != nil || done.GetCycle().GetStatus() != oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED {
			return fmt.Errorf("step %d: cycle %v: %w", i, done.GetCycle().GetStatus(), err)
		}
		if i == 0 {
			continue
		}
		if err := p.reached(ctx, done.GetRevision()); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}
