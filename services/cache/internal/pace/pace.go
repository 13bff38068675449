// Package pace lets lookups go first: what the feed brings is decoded, applied and evicted in short bursts, with pauses
// between them for as long as lookups are answered.
//
// It is not a scheduler and bounds nobody but the goroutine that calls it. That goroutine sleeps, since yielding to the
// others of its process would keep the processor from every other process, its callers among them, until the system's next
// tick, which is milliseconds away.
package pace

import (
	"runtime"
	"time"
)

// How work and pauses alternate.
const (
	// Burst is how long work goes on before it pauses; a lookup that comes meanwhile may have to wait for the rest of it.
	Burst = 250 * time.Microsecond
	// PausePerWork is how many times as long as the work before it a pause is, beside lookups.
	PausePerWork = 4
	// idle is a gap between two steps in which the goroutine must have waited for something, which is as good as a pause.
	idle = 4 * Burst
)

// Pacer paces one goroutine. Use New.
type Pacer struct {
	lookups func() int64
	before  int64     // what lookups returned at the last pause
	began   time.Time // the burst
	last    time.Time // step
}

// New makes a pacer. lookups counts those that were answered so far.
func New(lookups func() int64) *Pacer { return &Pacer{lookups: lookups} }

// Step is called between two small units of work, some microseconds each. When a burst is over, it pauses if lookups were
// answered since the last one, else it yields to whoever waits for the processor.
func (p *Pacer) Step() {
	now := time.Now()
	gap := now.Sub(p.last)
	p.last = now
	worked := now.Sub(p.began)
	switch {
	case gap > idle:
		p.began = now
		return
	case worked < Burst:
		return
	}
	if lookups := p.lookups(); lookups != p.before {
		p.before = lookups
		time.Sleep(PausePerWork * worked) //nolint:forbidigo // a pause is nothing but time
	} else {
		runtime.Gosched()
	}
	p.began = time.Now()
	p.last = p.began
}
