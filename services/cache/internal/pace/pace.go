// Package pace lets lookups go first: what the feed brings is decoded, applied and evicted in short bursts, with rests
// between them for as long as lookups are answered.
//
// It is not a scheduler and bounds nobody but the goroutine that asks it. A goroutine that only let the next one of its
// process have a turn would keep its processor from every other process, its callers among them, until the system's next
// tick, which is milliseconds away.
package pace

import (
	"runtime"
	"time"
)

const (
	// Burst is how long work goes on before it rests; a lookup that comes meanwhile may have to wait for the rest of it.
	Burst = 250 * time.Microsecond
	// RestPerWork is how many times as long the rest is, beside lookups.
	RestPerWork = 4
	// idle is a gap between two steps in which the goroutine must have waited for something: it has rested.
	idle = 4 * Burst
)

// Pacer paces one goroutine.
type Pacer struct {
	answered func() int64
	before   int64 // what answered said at the last rest
	began    time.Time
	last     time.Time // step
}

// New makes a pacer. answered counts the lookups that were answered so far.
func New(answered func() int64) *Pacer { return &Pacer{answered: answered} }

// Step is called between two small units of work, some microseconds each. When a burst is over, it rests if lookups were
// answered since the last one, else it lets whoever waits for the processor have it.
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
	if answered := p.answered(); answered != p.before {
		p.before = answered
		time.Sleep(RestPerWork * worked) //nolint:forbidigo // a rest is nothing but time
	} else {
		runtime.Gosched()
	}
	p.began = time.Now()
	p.last = p.began
}
