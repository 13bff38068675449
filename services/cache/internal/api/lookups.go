package api

import "github.com/puzpuzpuz/xsync/v4"

// Methods that look events up by key.
const (
	MethodGetEvent                = "GetEvent"
	MethodLookupEvents            = "LookupEvents"
	MethodBatchGetEvents          = "BatchGetEvents"
	MethodResolveCompetitorEvents = "ResolveCompetitorEvents"
)

// Lookups counts keys that were looked up, by method and by whether an event has them, since the start of the process.
// Its counters are striped, so that callers on many cores do not wait for each other.
type Lookups struct {
	hits, misses map[string]*xsync.Counter // by method; the maps do not change
}

// NewLookups makes counters at zero.
func NewLookups() *Lookups {
	l := &Lookups{hits: make(map[string]*xsync.Counter), misses: make(map[string]*xsync.Counter)}
	for _, m := range l.Methods() {
		l.hits[m], l.misses[m] = xsync.NewCounter(), xsync.NewCounter()
	}
	return l
}

// Methods lists the methods that are counted.
func (*Lookups) Methods() []string {
	return []string{MethodGetEvent, MethodLookupEvents, MethodBatchGetEvents, MethodResolveCompetitorEvents}
}

// Of is one method's counts.
func (l *Lookups) Of(method string) (hits, misses int64) {
	return l.hits[method].Value(), l.misses[method].Value()
}

// Total is the counts over all methods.
func (l *Lookups) Total() (hits, misses int64) {
	for _, m := range l.Methods() {
		h, n := l.Of(m)
		hits, misses = hits+h, misses+n
	}
	return hits, misses
}

// Count is how many keys were looked up.
func (l *Lookups) Count() int64 {
	hits, misses := l.Total()
	return hits + misses
}

// of is one method's counters, for a path on which finding them would count.
func (l *Lookups) of(method string) methodCounters {
	return methodCounters{hits: l.hits[method], misses: l.misses[method]}
}

// add counts one key.
func (l *Lookups) add(method string, found bool) { l.of(method).add(found) }

// methodCounters are one method's counters.
type methodCounters struct{ hits, misses *xsync.Counter }

// add counts one key.
func (c methodCounters) add(found bool) {
	if found {
		c.hits.Inc()
	} else {
		c.misses.Inc()
	}
}
