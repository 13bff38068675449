package load

import (
	"context"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latency is how long answers took, counted from the instant at which they should have been asked for: a contestant
// that stalls is charged for everything that had to wait.
type Latency struct {
	Histogram *hdrhistogram.Histogram // microseconds
	Failed    int
}

// At is a quantile, 0 to 100.
func (l Latency) At(quantile float64) time.Duration {
	return time.Duration(l.Histogram.ValueAtQuantile(quantile)) * time.Microsecond
}

// callers is how many requests of an open loop can be open at once. It is far more than a contestant needs that keeps up.
const callers = 256

// longest is the largest latency that is told apart, in microseconds.
const longest = 60_000_000

// Warm is how long an open loop lasts before it is steady, when goroutines and buffers have grown.
const Warm = 500 * time.Millisecond

// Open asks rate times a second until d is over or done is closed, whichever comes first; nil never closes. Requests that
// are due in the first warm are asked and not counted.
func Open(ctx context.Context, rate float64, warm, d time.Duration, done <-chan struct{}, call Call) Latency {
	every := time.Duration(float64(time.Second) / rate)
	total, counted := int((warm+d)/every), int(warm/every)
	all := Latency{Histogram: hdrhistogram.New(1, longest, 3)}
	var mu sync.Mutex // guards all
	var wg sync.WaitGroup
	began := time.Now()
	for a := range min(callers, total) {
		wg.Go(func() { // ends with its share of the requests, or by done
			own := hdrhistogram.New(1, longest, 3)
			failed := 0
			for k := a; k < total && !closed(done); k += callers {
				due := began.Add(time.Duration(k) * every)
				time.Sleep(time.Until(due)) //nolint:forbidigo // an open loop: requests have their time
				_, err := call(ctx, k*stride)
				if k < counted {
					continue
				}
				if err != nil {
					failed++
				}
				_ = own.RecordValue(min(longest, max(1, time.Since(due).Microseconds()))) // in range by construction
			}
			mu.Lock()
			defer mu.Unlock()
			all.Histogram.Merge(own)
			all.Failed += failed
		})
	}
	wg.Wait()
	return all
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
