package sim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
	"github.com/oddscache/oddscache/services/bookiesim/internal/chance"
)

// Scope is the part of a bookmaker's calls that a fault hits.
type Scope string

// The scopes.
const (
	Everything Scope = ""
	Lists      Scope = "lists"   // tournaments and their events
	Details    Scope = "details" // single events
)

// Fault is a fault that a bookmaker shows while it is set.
type Fault struct {
	Bookmaker string        `json:"bookmaker"` // empty for all
	Kind      FaultKind     `json:"kind"`
	Share     float64       `json:"share"` // of what is asked for; 0 means all of it
	Scope     Scope         `json:"scope"`
	Status    int           `json:"status"` // of ServerError and HalfDiscovery
	Delay     time.Duration `json:"delay"`  // of Slow, in nanoseconds
	Offset    time.Duration `json:"offset"` // of KickoffMoved and ClockOff, in nanoseconds; may be negative
	Cap       int           `json:"cap"`    // of ShortPage, in events
	// PerRequest draws anew for every request. Otherwise the same events and tournaments fail every time, so that a
	// retry does not help.
	PerRequest bool `json:"per_request"`
}

// Validate reports what is wrong with f.
func (f Fault) Validate() error {
	rules := kindRules()
	b, known := book.Named(f.Bookmaker)
	rule, ok := rules[f.Kind]
	var errs []error
	if !ok {
		errs = append(errs, fmt.Errorf("invalid fault kind %q (must be one of %q)", f.Kind, slices.Sorted(maps.Keys(rules))))
	}
	if f.Bookmaker != "" && !known {
		errs = append(errs, fmt.Errorf("invalid fault bookmaker %q (must be one of %q)", f.Bookmaker, Bookmakers()))
	}
	if ok && known && !rule.strikes(b) {
		errs = append(errs, fmt.Errorf("invalid fault %s: %s does not show it", f.Kind, f.Bookmaker))
	}
	if f.Cap < 0 {
		errs = append(errs, fmt.Errorf("invalid fault cap %d (must be >= 0)", f.Cap))
	}
	if f.Kind == ClockOff && f.Offset == 0 {
		errs = append(errs, errors.New("invalid fault clock_off: offset is missing"))
	}
	if f.Share < 0 || f.Share > 1 {
		errs = append(errs, fmt.Errorf("invalid fault share %g (must be 0 to 1)", f.Share))
	}
	if !slices.Contains([]Scope{Everything, Lists, Details}, f.Scope) {
		errs = append(errs, fmt.Errorf("invalid fault scope %q (must be %q, %q or empty)", f.Scope, Lists, Details))
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		errs = append(errs, fmt.Errorf("invalid fault status %d (must be 400 to 599)", f.Status))
	}
	return errors.Join(errs...)
}

// ruled is a fault with the rule of its kind.
type ruled struct {
	Fault
	rule kindRule
}

// faultSet is what a bookmaker shows: all of it, and apart what strikes requests as a whole and what shows inside.
type faultSet struct {
	all             []Fault
	outside, inside []ruled
}

// SetFaults replaces all faults; without arguments there are none. Faults that Validate refuses are left out.
func (w *World) SetFaults(faults ...Fault) {
	rules := kindRules()
	for b := range book.Count {
		var own faultSet
		for _, f := range faults {
			one := ruled{Fault: f, rule: rules[f.Kind]}
			if f.Bookmaker != "" && f.Bookmaker != b.String() || f.Validate() != nil || !one.rule.strikes(b) {
				continue
			}
			own.all = append(own.all, f)
			if one.rule.inside {
				own.inside = append(own.inside, one)
			} else {
				own.outside = append(own.outside, one)
			}
		}
		w.gates[b].faults.Store(&own)
	}
	w.showSimulated()
}

// Faults lists the faults that are set, once for each bookmaker.
func (w *World) Faults() []Fault {
	var all []Fault
	for b := range book.Count {
		for _, f := range w.gates[b].faults.Load().all {
			f.Bookmaker = b.String()
			all = append(all, f)
		}
	}
	return all
}

// hits reports whether a fault strikes a request for key, the serial-th of its bookmaker.
func (f *ruled) hits(c chance.Chance, to route, key string, serial uint64) bool {
	if f.Kind == Down {
		return true
	}
	share := f.Share
	if share == 0 {
		share = f.rule.share
	}
	if f.rule.routes != nil && !slices.Contains(f.rule.routes, to) {
		return false
	}
	if f.Scope == Lists && to != routeTree && to != routeEvents || f.Scope == Details && to != routeDetail {
		return false
	}
	c = c.OfText(string(f.Kind)).OfText(key)
	if f.PerRequest {
		c = c.Of(serial)
	}
	return c.Unit() < share
}

// show answers with the fault instead of an answer. It reports false where the answer itself has to show it.
func (f Fault) show(w http.ResponseWriter) bool {
	page := []byte("<!DOCTYPE html><html><head><title>Just a moment</title></head><body><h1>Please stand by</h1></body></html>")
	switch f.Kind {
	case Reset, Down:
		breakOff(w)
	case ServerError, HalfDiscovery:
		status := f.Status
		if status == 0 {
			status = http.StatusServiceUnavailable
		}
		answerPage(w, status, page)
	case HTML:
		answerPage(w, http.StatusOK, page)
	case Empty:
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusAccepted)
	default:
		return false
	}
	return true
}

func answerPage(w http.ResponseWriter, status int, page []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	_, _ = w.Write(page)
}

// breakOff resets the connection where that is possible, and otherwise ends it without an answer.
func breakOff(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			if tcp, ok := conn.(interface{ SetLinger(sec int) error }); ok {
				_ = tcp.SetLinger(0) // so that the other side sees a reset and not an orderly end
			}
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}
