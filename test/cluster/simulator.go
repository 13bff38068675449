package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// Simulator is simulated bookmakers in a process, all of them at one address, with what can be done to them.
type Simulator struct {
	Process *Process // nil before Start

	addr   string
	path   string
	env    []string
	output io.Writer
}

// errNoBookmakers says that the scrapers would read the live sites.
var errNoBookmakers = errors.New("a cluster needs a site, or binaries to simulate one with")

// addSimulator makes a simulator at an address of its own.
func (c *Cluster) addSimulator(ctx context.Context) (err error) {
	if c.config.Binaries == nil {
		return errNoBookmakers
	}
	s := &Simulator{}
	if s.addr, err = FindAddr(ctx); err != nil {
		return err
	}
	s.env = append([]string{"BOOKIESIM_LISTEN=" + s.addr}, c.config.Simulator...)
	if s.output, err = c.output("bookiesim"); err != nil {
		return err
	}
	if s.path, err = c.config.Binaries.Path("bookiesim"); err != nil {
		return err
	}
	c.Simulator = s
	return nil
}

// site is where the bookmakers are.
func (c *Cluster) site() string {
	if c.Simulator != nil {
		return "http://" + c.Simulator.addr
	}
	return c.config.Site
}

// Start starts the process and waits until it answers.
func (s *Simulator) Start(ctx context.Context) (err error) {
	if s.Process, err = Launch(s.path, "bookiesim", s.output, nil, s.env...); err != nil {
		return err
	}
	for {
		if _, err = s.State(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-s.Process.Exited():
			return fmt.Errorf("the simulator ended: %w", errors.Join(s.Process.Err(), err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// close kills the process.
func (s *Simulator) close() error {
	if s.Process != nil {
		s.Process.Kill()
	}
	return nil
}

// State is the state of the world and of its counters.
func (s *Simulator) State(ctx context.Context) (sim.State, error) {
	var state sim.State
	return state, s.call(ctx, http.MethodGet, "state", nil, &state)
}

// Freeze makes the world stand still.
func (s *Simulator) Freeze(ctx context.Context) error {
	return s.call(ctx, http.MethodPost, "freeze", nil, nil)
}

// ResetCounters sets the counters to zero.
func (s *Simulator) ResetCounters(ctx context.Context) error {
	return s.call(ctx, http.MethodPost, "reset-counters", nil, nil)
}

// MoveOdds changes the prices of a share of all markets and returns how many changed, unmapped ones included. Each
// round moves others.
func (s *Simulator) MoveOdds(ctx context.Context, share float64, round int) (int, error) {
	var moved struct {
		Changed int `json:"changed"`
	}
	query := url.Values{"share": {strconv.FormatFloat(share, 'f', -1, 64)}, "round": {strconv.Itoa(round)}}
	return moved.Changed, s.call(ctx, http.MethodPost, "move-odds", query, &moved)
}

// Events lists the upcoming events that some bookmaker shows.
func (s *Simulator) Events(ctx context.Context) ([]sim.Event, error) {
	var events []sim.Event
	return events, s.call(ctx, http.MethodGet, "events", nil, &events)
}

// Postpone moves an event's kickoff at every bookmaker.
func (s *Simulator) Postpone(ctx context.Context, srID string, kickoff time.Time) error {
	return s.call(ctx, http.MethodPost, "postpone/"+srID, url.Values{"kickoff": {kickoff.UTC().Format(time.RFC3339)}}, nil)
}

// Recreate lists an event under a new id at a bookmaker.
func (s *Simulator) Recreate(ctx context.Context, bookmaker, srID string) error {
	return s.call(ctx, http.MethodPost, "recreate/"+bookmaker+"/"+srID, nil, nil)
}

// Vanish takes an event out of a bookmaker's lists until Restore.
func (s *Simulator) Vanish(ctx context.Context, bookmaker, srID string) error {
	return s.call(ctx, http.MethodPost, "vanish/"+bookmaker+"/"+srID, nil, nil)
}

// Restore lists an event again at a bookmaker.
func (s *Simulator) Restore(ctx context.Context, bookmaker, srID string) error {
	return s.call(ctx, http.MethodPost, "restore/"+bookmaker+"/"+srID, nil, nil)
}

func (s *Simulator) call(ctx context.Context, method, page string, query url.Values, into any) error {
	u := url.URL{Scheme: "http", Host: s.addr, Path: "/_sim/" + page, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("calling the simulator for %s: %w", page, err)
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		return fmt.Errorf("calling the simulator for %s: %w", page, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("calling the simulator for %s: %s", page, resp.Status)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("reading the simulator's %s: %w", page, err)
	}
	return nil
}
