package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// State is what the simulator says of itself.
type State struct {
	Now      time.Time           `json:"now"`
	Started  time.Time           `json:"started"`
	Ticks    int64               `json:"ticks"`
	Frozen   bool                `json:"frozen"`
	Events   int                 `json:"events"` // upcoming football events that some bookmaker shows
	Offered  map[string]int      `json:"offered"`
	Counters map[string]Counters `json:"counters"`
	Faults   []Fault             `json:"faults"`
}

// State is how the world stands.
func (w *World) State() State {
	events := w.Events()
	w.mu.RLock()
	s := State{Now: w.Now(), Started: w.start, Ticks: w.tick, Frozen: w.frozen}
	w.mu.RUnlock()
	s.Offered = make(map[string]int)
	for _, e := range events {
		if e.Sport != "football" {
			continue
		}
		s.Events++
		for name := range e.Listings {
			s.Offered[name]++
		}
	}
	s.Counters, s.Faults = w.Counters(), w.Faults()
	return s
}

// Admin is the simulator's own pages: how the world stands, and levers to move it with from another process.
//
//	GET    /_sim/state                        State
//	GET    /_sim/events                       Events
//	GET    /_sim/markets/{bookmaker}/{sr_id}  Markets
//	GET    /_sim/ways/{bookmaker}             Ways
//	POST   /_sim/faults                       a JSON list of Fault replaces the faults; DELETE removes all
//	POST   /_sim/freeze, /_sim/unfreeze
//	POST   /_sim/move-odds?share=0.05&round=1
//	POST   /_sim/reset-counters
//	POST   /_sim/postpone/{sr_id}?kickoff=2030-01-02T15:04:05Z
//	POST   /_sim/{vanish,restore,recreate}/{bookmaker}/{sr_id}
//	POST   /_sim/close/{bookmaker}/{sr_id}?market=3743&way=gone[&outcome=1]
//	POST   /_sim/reopen/{bookmaker}/{sr_id}?market=3743
//	POST   /_sim/change-sr-id/{bookmaker}/{sr_id}?to=68000000
func (w *World) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sim/state", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, w.State(), nil) })
	mux.HandleFunc("GET /_sim/events", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, w.Events(), nil) })
	mux.HandleFunc("GET /_sim/markets/{bookmaker}/{sr_id}", func(rw http.ResponseWriter, r *http.Request) {
		markets, err := w.Markets(r.PathValue("bookmaker"), r.PathValue("sr_id"))
		reply(rw, markets, err)
	})
	mux.HandleFunc("GET /_sim/ways/{bookmaker}", func(rw http.ResponseWriter, r *http.Request) {
		markets, outcomes := Ways(r.PathValue("bookmaker"))
		reply(rw, map[string][]Way{"markets": markets, "outcomes": outcomes}, nil)
	})
	mux.HandleFunc("POST /_sim/faults", func(rw http.ResponseWriter, r *http.Request) { reply(rw, nil, w.takeFaults(rw, r)) })
	mux.HandleFunc("DELETE /_sim/faults", func(rw http.ResponseWriter, _ *http.Request) {
		w.SetFaults()
		reply(rw, nil, nil)
	})
	mux.HandleFunc("POST /_sim/freeze", func(rw http.ResponseWriter, _ *http.Request) { w.Freeze(); reply(rw, nil, nil) })
	mux.HandleFunc("POST /_sim/unfreeze", func(rw http.ResponseWriter, _ *http.Request) { w.Unfreeze(); reply(rw, nil, nil) })
	mux.HandleFunc("POST /_sim/reset-counters", func(rw http.ResponseWriter, _ *http.Request) { w.ResetCounters(); reply(rw, nil, nil) })
	mux.HandleFunc("POST /_sim/move-odds", func(rw http.ResponseWriter, r *http.Request) {
		share, err := strconv.ParseFloat(r.FormValue("share"), 64)
		round, _ := strconv.ParseUint(r.FormValue("round"), 10, 64) // no round is round 0
		if err != nil || share < 0 || share > 1 {
			reply(rw, nil, fmt.Errorf("%w: share %q (must be 0 to 1)", errRequest, r.FormValue("share")))
			return
		}
		reply(rw, map[string]int{"changed": w.MoveOdds(share, round)}, nil)
	})
	mux.HandleFunc("POST /_sim/{move}/", func(rw http.ResponseWriter, r *http.Request) { reply(rw, nil, w.takeMove(r)) })
	return mux
}

// errRequest is what errors about the request wrap.
var errRequest = errors.New("invalid request")

// takeFaults replaces the faults by those of a request.
func (w *World) takeFaults(rw http.ResponseWriter, r *http.Request) error {
	var faults []Fault
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 1<<20)).Decode(&faults); err != nil {
		return fmt.Errorf("%w: reading faults: %w", errRequest, err)
	}
	for _, f := range faults {
		if err := f.Validate(); err != nil {
			return fmt.Errorf("%w: %w", errRequest, err)
		}
	}
	w.SetFaults(faults...)
	return nil
}

// takeMove does to an event what a request asks for.
func (w *World) takeMove(r *http.Request) error {
	path := pathBelow(r, "/_sim/"+r.PathValue("move"))
	last := path[len(path)-1]
	switch r.PathValue("move") {
	case "postpone":
		kickoff, err := time.Parse(time.RFC3339, r.FormValue("kickoff"))
		if err != nil {
			return fmt.Errorf("%w: reading kickoff: %w", errRequest, err)
		}
		return w.Postpone(last, kickoff)
	case "vanish":
		return w.Vanish(path[0], last)
	case "restore":
		return w.Restore(path[0], last)
	case "recreate":
		_, err := w.Recreate(path[0], last)
		return err
	case "close":
		return w.closeByHand(path[0], last, r.FormValue("market"), r.FormValue("outcome"), Way(r.FormValue("way")))
	case "reopen":
		return w.Reopen(path[0], last, r.FormValue("market"))
	case "change-sr-id":
		if r.FormValue("to") == "" {
			return fmt.Errorf("%w: to is missing", errRequest)
		}
		return w.ChangeSrID(path[0], last, r.FormValue("to"))
	default:
		return fmt.Errorf("%q: %w", r.URL.Path, ErrUnknown)
	}
}

// reply answers one of the simulator's own pages.
func reply(rw http.ResponseWriter, answer any, err error) {
	rw.Header().Set("Content-Type", "application/json")
	switch {
	case errors.Is(err, ErrUnknown):
		rw.WriteHeader(http.StatusNotFound)
	case err != nil:
		rw.WriteHeader(http.StatusBadRequest)
	}
	if err != nil {
		answer = map[string]string{"error": err.Error()}
	} else if answer == nil {
		answer = map[string]bool{"ok": true}
	}
	_ = json.NewEncoder(rw).Encode(answer) //nolint:errchkjson // a reader that went away has nobody to tell
}
