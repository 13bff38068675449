package main

import (
	"context"
	"os"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// options are the command's flags and environment. A number that is 0 keeps what the profile says.
type options struct {
	Listen          string `env:"BOOKIESIM_LISTEN" default:"127.0.0.1:7420" help:"Address of all three bookmakers and the /_sim/ pages."`
	BetpawaListen   string `env:"BOOKIESIM_BETPAWA_LISTEN" help:"Address of BetPawa alone; none if empty."`
	SportybetListen string `env:"BOOKIESIM_SPORTYBET_LISTEN" help:"Address of SportyBet alone; none if empty."`
	Bet9jaListen    string `name:"bet9ja-listen" env:"BOOKIESIM_BET9JA_LISTEN" help:"Address of Bet9ja alone; none if empty."`

	Profile string        `env:"BOOKIESIM_PROFILE" enum:"default,real" default:"default" help:"real: 1,291 events with real latencies."`
	Seed    uint64        `env:"BOOKIESIM_SEED" default:"1" help:"What the world is made from."`
	Events  int           `env:"BOOKIESIM_EVENTS" help:"Upcoming football events; 0 keeps the profile's."`
	Density string        `env:"BOOKIESIM_DENSITY" enum:"full,small" default:"full" help:"Markets an event has."`
	Shape   string        `env:"BOOKIESIM_SHAPE" enum:"v4,v3" default:"v4" help:"Form of BetPawa's answers."`
	Horizon time.Duration `env:"BOOKIESIM_HORIZON" default:"120h" help:"How far ahead kickoffs lie."`
	Tick    time.Duration `env:"BOOKIESIM_TICK" default:"1m" help:"How often odds move."`
	Move    float64       `env:"BOOKIESIM_MOVE" default:"0.05" help:"Share of the markets whose odds move in a tick."`
	Closed  float64       `env:"BOOKIESIM_CLOSED" default:"0.02" help:"Share of the markets, and of single lines, that are closed at a time; of single outcomes a fifth of it. 0 closes none."`
	Still   bool          `env:"BOOKIESIM_STILL" help:"Let nothing but kickoffs happen to events: no vanishing, postponing, re-creating."`
	Latency float64       `env:"BOOKIESIM_LATENCY" default:"1" help:"Factor on the profile's latencies; 0 answers at once."`
	Limits  bool          `env:"BOOKIESIM_LIMITS" help:"Turn requests away beyond 50, 50 and 15 at a time."`
	Headers bool          `env:"BOOKIESIM_HEADERS" help:"Refuse requests without the headers that the sites' own pages send."`
	Fault   string        `env:"BOOKIESIM_FAULT" help:"A fault to start with, bookmaker:kind:share. More: POST /_sim/faults."`
}

// Run serves until the process is told to stop.
func (o *options) Run(ctx context.Context) error { return run(ctx, *o, os.Stderr) }

// config is the world that the options describe.
func (o *options) config() (sim.Config, error) {
	c := sim.DefaultConfig()
	if o.Profile == "real" {
		c = sim.RealConfig()
	}
	if o.Events > 0 {
		for b, n := range c.Offered {
			c.Offered[b] = max(n*o.Events/c.Events, 1)
		}
		c.Offered[1] = max(c.Offered[1], o.Events-c.Offered[0]) // every event needs a bookmaker
		c.Events = o.Events
	}
	c.Seed, c.Horizon, c.Tick, c.MoveShare = o.Seed, o.Horizon, o.Tick, o.Move
	c.Density, c.Shape, c.RequireHeaders = sim.Density(o.Density), sim.Shape(o.Shape), o.Headers
	c.Closings = sim.Closings{Markets: o.Closed, Outcomes: o.Closed / 5}
	if o.Still {
		c.Life = sim.Life{}
	}
	if c.LatencyScale = o.Latency; o.Latency == 0 {
		c.Latency = [3]sim.Latency{}
	}
	if o.Limits {
		c.Limits = [3]sim.Limit{{Concurrency: 50}, {Concurrency: 50}, {Concurrency: 15}}
	}
	if o.Fault != "" {
		fault, err := parseFault(o.Fault)
		if err != nil {
			return sim.Config{}, err
		}
		c.Faults = append(c.Faults, fault)
	}
	return c, nil
}
