package replica

import (
	"runtime"
	"time"
)

// Pacing of a full sync beside lookups: it takes a quarter of the time, in steps of a batch (receiving one takes about as
// long as applying it), and the transport's flow control makes the source wait. A sync beside which nothing is served
// runs at full speed.
const (
	restPerWork = 6
	longestRest = 50 * time.Millisecond
)

// pace lets lookups go first: after a batch of a full sync it rests while something is served, and it always lets
// whoever waits for the processor have it.
func (s *session) pace(worked time.Duration) {
	if !s.aside || s.r.cfg.Store.Served() == nil {
		runtime.Gosched()
		return
	}
	s.rest.Reset(min(restPerWork*worked, longestRest))
	select {
	case <-s.rest.C:
	case <-s.ctx.Done():
	}
}
