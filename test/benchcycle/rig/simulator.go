package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

// Simulator is the levers of a running simulator.
type Simulator struct{ addr string }

// SimulatorAt is a simulator that somebody else runs, by its address.
func SimulatorAt(addr string) Simulator { return Simulator{addr: addr} }

// State is how the world stands.
func (s Simulator) State(ctx context.Context) (sim.State, error) {
	var state sim.State
	return state, s.call(ctx, http.MethodGet, "state", nil, &state)
}

// Freeze makes the world stand still.
func (s Simulator) Freeze(ctx context.Context) error {
	return s.call(ctx, http.MethodPost, "freeze", nil, nil)
}

// ResetCounters begins counting anew.
func (s Simulator) ResetCounters(ctx context.Context) error {
	return s.call(ctx, http.MethodPost, "reset-counters", nil, nil)
}

// MoveOdds changes the prices of a share of all markets and returns how many changed, unmapped ones included. Each
// round moves others.
func (s Simulator) MoveOdds(ctx context.Context, share float64, round int) (int, error) {
	var moved struct {
		Changed int `json:"changed"`
	}
	query := url.Values{"share": {strconv.FormatFloat(share, 'f', -1, 64)}, "round": {strconv.Itoa(round)}}
	return moved.Changed, s.call(ctx, http.MethodPost, "move-odds", query, &moved)
}

// Events lists the upcoming events that some bookmaker shows.
func (s Simulator) Events(ctx context.Context) ([]sim.Event, error) {
	var events []sim.Event
	return events, s.call(ctx, http.MethodGet, "events", nil, &events)
}

// Postpone moves an event's kickoff at every bookmaker.
func (s Simulator) Postpone(ctx context.Context, srID string, kickoff time.Time) error {
	return s.call(ctx, http.MethodPost, "postpone/"+srID, url.Values{"kickoff": {kickoff.UTC().Format(time.RFC3339)}}, nil)
}

// Recreate lists an event under a new id at a bookmaker.
func (s Simulator) Recreate(ctx context.Context, bookmaker, srID string) error {
	return s.call(ctx, http.MethodPost, "recreate/"+bookmaker+"/"+srID, nil, nil)
}

// Vanish takes an event out of a bookmaker's lists until Restore.
func (s Simulator) Vanish(ctx context.Context, bookmaker, srID string) error {
	return s.call(ctx, http.MethodPost, "vanish/"+bookmaker+"/"+srID, nil, nil)
}

// Restore lists an event again at a bookmaker.
func (s Simulator) Restore(ctx context.Context, bookmaker, srID string) error {
	return s.call(ctx, http.MethodPost, "restore/"+bookmaker+"/"+srID, nil, nil)
}

func (s Simulator) call(ctx context.Context, method, page string, query url.Values, answer any) error {
	u := url.URL{Scheme: "http", Host: s.addr, Path: "/_sim/" + page, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("asking the simulator for %s: %w", page, err)
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		return fmt.Errorf("asking the simulator for %s: %w", page, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("asking the simulator for %s: %s", page, resp.Status)
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("reading the simulator's %s: %w", page, err)
	}
	return nil
}
