package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/cluster"
)

// Times of what happens to events, in the order in which it happens.
const (
	warning = 40 * time.Second // between leaving an event out of the pool and changing it: lookups under way have ended
	kickoff = 15 * time.Second // between postponing an event and its kickoff
	hidden  = 30 * time.Second // how long an event is not listed by a bookmaker
)

// changes counts what was done to events.
type changes struct{ kickedOff, recreated, vanished int }

// change lets things happen to events until ctx ends: in every interval some kick off, to be evicted when their grace is
// over and followed by new ones, one gets another id at a bookmaker, and one is not listed by a bookmaker for a while.
// Odds move by themselves.
func change(ctx context.Context, s *testbed, p *pool) (done changes) {
	rng := rand.New(rand.NewPCG(s.opts.seed, 1))
	type step struct {
		at time.Time
		do func() error
	}
	var due []step
	plan := func(after time.Duration, do func() error) { due = append(due, step{time.Now().Add(after), do}) }
	for ctx.Err() == nil {
		for range 2 {
			if e := p.pick(rng.IntN(1 << 20)); e != nil {
				p.leave(e.GetSrId(), time.Hour)
				plan(warning, func() error {
					done.kickedOff++
					return s.Simulator.Postpone(ctx, e.GetSrId(), time.Now().Add(kickoff))
				})
			}
		}
		if e := p.pick(rng.IntN(1 << 20)); e != nil {
			p.leave(e.GetSrId(), warning+absence)
			bookmaker := []string{sim.BetPawa, sim.Bet9ja}[rng.IntN(2)]
			plan(warning, func() error {
				done.recreated++
				return s.Simulator.Recreate(ctx, bookmaker, e.GetSrId())
			})
		}
		if e := p.pick(rng.IntN(1 << 20)); e != nil && len(e.GetCompetitorEvents()) > 0 {
			p.leave(e.GetSrId(), warning+hidden+absence)
			bookmaker := e.GetCompetitorEvents()[0].GetBookmaker()
			plan(warning, func() error {
				done.vanished++
				return s.Simulator.Vanish(ctx, bookmaker, e.GetSrId())
			})
			plan(warning+hidden, func() error { return s.Simulator.Restore(ctx, bookmaker, e.GetSrId()) })
		}
		cluster.Pause(ctx, s.opts.interval)
		var later []step
		for _, step := range due {
			if time.Now().Before(step.at) {
				later = append(later, step)
			} else if err := step.do(); err != nil && ctx.Err() == nil {
				logf("changing an event: %v", err)
			}
		}
		due = later
	}
	return done
}
