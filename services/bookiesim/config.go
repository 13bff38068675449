// Package bookiesim is the service that serves simulated bookmakers over HTTP: all of them on one address, whose paths
// do not overlap, and each on an address of its own where one is given. Tests, local runs and the compose stack use it
// where the real sites are out of reach. What the bookmakers do is decided by the world of package sim.
package bookiesim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// Config is everything that can be set. Flags and environment variables come from its tags. A number that is 0 keeps
// what the profile says.
type Config struct {
	Listen          string `default:"127.0.0.1:7420" env:"BOOKIESIM_LISTEN" group:"Ports:" help:"Address of all bookmakers and the /_sim/ pages." name:"listen"`
	BetpawaListen   string `env:"BOOKIESIM_BETPAWA_LISTEN" group:"Ports:" help:"Address of BetPawa alone; none if empty." name:"betpawa-listen"`
	SportybetListen string `env:"BOOKIESIM_SPORTYBET_LISTEN" group:"Ports:" help:"Address of SportyBet alone; none if empty." name:"sportybet-listen"`
	Bet9jaListen    string `env:"BOOKIESIM_BET9JA_LISTEN" group:"Ports:" help:"Address of Bet9ja alone; none if empty." name:"bet9ja-listen"`

	Profile string        `default:"default" enum:"default,real" env:"BOOKIESIM_PROFILE" group:"World:" help:"real: 1,291 events with real latencies." name:"profile"`
	Seed    uint64        `default:"1" env:"BOOKIESIM_SEED" group:"World:" help:"What the world is made from." name:"seed"`
	Events  int           `env:"BOOKIESIM_EVENTS" group:"World:" help:"Upcoming football events; 0 keeps the profile's." name:"events"`
	Density string        `default:"full" enum:"full,small" env:"BOOKIESIM_DENSITY" group:"World:" help:"Markets an event has." name:"density"`
	Shape   string        `default:"v4" enum:"v4,v3" env:"BOOKIESIM_SHAPE" group:"World:" help:"Form of BetPawa's answers." name:"shape"`
	Horizon time.Duration `default:"120h" env:"BOOKIESIM_HORIZON" group:"World:" help:"How far ahead kickoffs lie." name:"horizon"`
	Tick    time.Duration `default:"1m" env:"BOOKIESIM_TICK" group:"World:" help:"How often odds move." name:"tick"`
	Move    float64       `default:"0.05" env:"BOOKIESIM_MOVE" group:"World:" help:"Share of the markets whose odds move in a tick." name:"move"`
	Closed  float64       `default:"0.02" env:"BOOKIESIM_CLOSED" group:"World:" help:"Share of the markets, and of single lines, that are closed at a time; of single outcomes a fifth of it. 0 closes none." name:"closed"`
	Still   bool          `env:"BOOKIESIM_STILL" group:"World:" help:"Let nothing but kickoffs happen to events: no vanishing, postponing, re-creating." name:"still"`

	Latency float64 `default:"1" env:"BOOKIESIM_LATENCY" group:"Behaviour:" help:"Factor on the profile's latencies; 0 answers at once." name:"latency"`
	Limits  bool    `env:"BOOKIESIM_LIMITS" group:"Behaviour:" help:"Turn requests away beyond 50, 50 and 15 at a time." name:"limits"`
	Headers bool    `env:"BOOKIESIM_HEADERS" group:"Behaviour:" help:"Reject requests without the headers that the sites' own pages send." name:"headers"`
	Fault   string  `env:"BOOKIESIM_FAULT" group:"Behaviour:" help:"A fault to start with, bookmaker:kind:share. More: POST /_sim/faults." name:"fault"`
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	world, err := c.World()
	if err != nil {
		return err
	}
	var errs []error
	if c.Listen == "" {
		errs = append(errs, errors.New("invalid Listen \"\" (must be host:port)"))
	}
	return errors.Join(append(errs, world.Validate())...)
}

// World is the world that c describes.
func (c Config) World() (sim.Config, error) {
	w := sim.DefaultConfig()
	if c.Profile == "real" {
		w = sim.RealConfig()
	}
	if c.Events > 0 {
		w = w.Resized(c.Events)
	}
	w.Seed, w.Horizon, w.Tick, w.MoveShare = c.Seed, c.Horizon, c.Tick, c.Move
	w.Density, w.Shape, w.RequireHeaders = sim.Density(c.Density), sim.Shape(c.Shape), c.Headers
	w.Closings = sim.Closings{Markets: c.Closed, Outcomes: c.Closed / 5}
	if c.Still {
		w.Life = sim.Life{}
	}
	if w.LatencyScale = c.Latency; c.Latency == 0 {
		w.Latency = sim.Each[sim.Latency]{}
	}
	if c.Limits {
		w.Limits = sim.RealLimits()
	}
	if c.Fault != "" {
		fault, err := parseFault(c.Fault)
		if err != nil {
			return sim.Config{}, err
		}
		w.Faults = append(w.Faults, fault)
	}
	return w, nil
}

// address is where a bookmaker listens alone; empty for nowhere.
func (c Config) address(bookmaker string) string {
	return map[string]string{
		sim.BetPawa: c.BetpawaListen, sim.SportyBet: c.SportybetListen, sim.Bet9ja: c.Bet9jaListen,
	}[bookmaker]
}

// parseFault reads bookmaker:kind:share. The share may be left out; a slow one waits two seconds.
func parseFault(text string) (sim.Fault, error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) < 2 {
		return sim.Fault{}, fmt.Errorf("reading fault %q: want bookmaker:kind:share", text)
	}
	fault := sim.Fault{Bookmaker: parts[0], Kind: sim.FaultKind(parts[1])}
	if len(parts) == 3 {
		share, err := strconv.ParseFloat(parts[2], 64)
		if err != nil {
			return sim.Fault{}, fmt.Errorf("reading fault %q: %w", text, err)
		}
		fault.Share = share
	}
	if fault.Kind == sim.Slow {
		fault.Delay = 2 * time.Second
	}
	if err := fault.Validate(); err != nil {
		return sim.Fault{}, fmt.Errorf("reading fault %q: %w", text, err)
	}
	return fault, nil
}
