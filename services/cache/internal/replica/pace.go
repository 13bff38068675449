package replica

import (
	"runtime"
	"time"
)

// Pacing of a full sync beside lookups. It takes a ninth of the time, in steps of a batch (decoding and receiving one
// take about as long as applying it), and the transport's flow control makes the source wait. Where others wait for the
// processor, be it for the sync or for the collector that it keeps busy, it rests for many times as long as they do. A
// sync beside which nothing is served runs at full speed.
const (
	restPerWork = 14
	restPerWait = 50
	longestRest = 200 * time.Millisecond
)

// pace lets lookups go first: after a batch of a full sync it rests while something is served, and it always lets
// whoever waits for the processor have it.
func (s *session) pace(worked time.Duration) {
	asked := time.Now()
	runtime.Gosched()
	if !s.aside || s.r.cfg.Store.Served() == nil {
		return
	}
	waited := time.Since(asked)
	s.rest.Reset(min(restPerWork*worked+restPerWait*waited, longestRest))
	select {
	case <-s.rest.C:
	case <-s.ctx.Done():
	}
}
