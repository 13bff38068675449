package bookiesim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// FaultKind is a way in which a bookmaker fails.
type FaultKind string

// The kinds of fault.
const (
	Slow          FaultKind = "slow"           // answers after Delay
	Reset         FaultKind = "reset"          // breaks the connection without an answer
	ServerError   FaultKind = "server_error"   // Status, 503 if none is given, with a page
	HTML          FaultKind = "html"           // 200 with a page instead of JSON
	Empty         FaultKind = "empty"          // 202 without a body
	TruncatedGzip FaultKind = "truncated_gzip" // half of the compressed answer
	WrongEvent    FaultKind = "wrong_event"    // a detail about another event
	Down          FaultKind = "down"           // every request is broken off; Share and Scope do not count
	HalfDiscovery FaultKind = "half_discovery" // the lists of half of the tournaments (or Share) answer with an error
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
	// PerRequest draws anew for every request. Otherwise the same events and tournaments fail every time, so that a
	// retry does not help.
	PerRequest bool `json:"per_request"`
}

// Validate reports what is wrong with f.
func (f Fault) Validate() error {
	kinds := []FaultKind{Slow, Reset, ServerError, HTML, Empty, TruncatedGzip, WrongEvent, Down, HalfDiscovery}
	_, known := bookNamed(f.Bookmaker)
	var errs []error
	if !slices.Contains(kinds, f.Kind) {
		errs = append(errs, fmt.Errorf("invalid fault kind %q (must be one of %q)", f.Kind, kinds))
	}
	if f.Bookmaker != "" && !known {
		errs = append(errs, fmt.Errorf("invalid fault bookmaker %q (must be one of %q)", f.Bookmaker, Bookmakers()))
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

// SetFaults replaces all faults; without arguments there are none. Faults that Validate refuses are left out.
func (w *World) SetFaults(faults ...Fault) {
	for b := range bookCount {
		var own []Fault
		for _, f := range faults {
			if (f.Bookmaker == "" || f.Bookmaker == b.String()) && f.Validate() == nil {
				own = append(own, f)
			}
		}
		w.gates[b].faults.Store(&own)
	}
}

// Faults lists the faults that are set, once for each bookmaker.
func (w *World) Faults() []Fault {
	var all []Fault
	for b := range bookCount {
		for _, f := range *w.gates[b].faults.Load() {
			f.Bookmaker = b.String()
			all = append(all, f)
		}
	}
	return all
}

// hits reports whether a fault strikes a request for key, the serial-th of its bookmaker.
func (f Fault) hits(c chance, to route, key string, serial uint64) bool {
	share := f.Share
	if share == 0 {
		share = 1
	}
	switch f.Kind {
	case Down:
		return true
	case HalfDiscovery:
		if f.Share == 0 {
			share = 0.5
		}
		if to != routeEvents {
			return false
		}
	case WrongEvent:
		if to != routeDetail {
			return false
		}
	default: // every other kind hits whatever its scope says
	}
	if f.Scope == Lists && to != routeTree && to != routeEvents || f.Scope == Details && to != routeDetail {
		return false
	}
	c = c.ofText(string(f.Kind)).ofText(key)
	if f.PerRequest {
		c = c.of(serial)
	}
	return c.unit() < share
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
