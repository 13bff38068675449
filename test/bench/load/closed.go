package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Call asks for the answer to the i-th key and returns its size.
type Call func(ctx context.Context, i int) (bytes int, err error)

// Result is what one run measured.
type Result struct {
	Responses int64
	Bytes     int64
	Elapsed   time.Duration
	Usage     Usage // spent during the run
}

// Rate is answers a second.
func (r Result) Rate() float64 { return float64(r.Responses) / r.Elapsed.Seconds() }

// CPUPer1000 is seconds of CPU time for 1,000 answers, of client and server.
func (r Result) CPUPer1000() float64 { return r.Usage.CPU.Seconds() / float64(r.Responses) * 1000 }

// Allocs is allocations an answer.
func (r Result) Allocs() float64 { return float64(r.Usage.Allocs) / float64(r.Responses) }

// run measures while workers answer until stop; work counts what it did.
func run(d time.Duration, pids []int, workers int, work func(worker int, stop *atomic.Bool) (responses, bytes int64, err error)) (Result, error) {
	var (
		stop             atomic.Bool
		wg               sync.WaitGroup
		responses, bytes atomic.Int64
		once             sync.Once
		failed           error
	)
	before, began := ReadUsage(pids), time.Now()
	for w := range workers {
		wg.Go(func() { // ends by stop
			n, size, err := work(w, &stop)
			responses.Add(n)
			bytes.Add(size)
			if err != nil {
				once.Do(func() { failed = err })
				stop.Store(true)
			}
		})
	}
	timer := time.AfterFunc(d, func() { stop.Store(true) })
	defer timer.Stop()
	wg.Wait()
	r := Result{Responses: responses.Load(), Bytes: bytes.Load(), Elapsed: time.Since(began)}
	after := ReadUsage(pids)
	r.Usage = Usage{CPU: after.CPU - before.CPU, Allocs: after.Allocs - before.Allocs}
	return r, failed
}

// stride spreads callers over the keys; it is prime to their number.
const stride = 7919

// Closed lets callers ask, each one answer after another.
func Closed(ctx context.Context, callers int, d time.Duration, pids []int, call Call) (Result, error) {
	return run(d, pids, callers, func(worker int, stop *atomic.Bool) (responses, bytes int64, err error) {
		for i := worker * stride; !stop.Load(); i++ {
			n, err := call(ctx, i)
			if err != nil {
				return responses, bytes, err
			}
			responses++
			bytes += int64(n)
		}
		return responses, bytes, nil
	})
}

// Stream is one stream on which requests may be sent without waiting for answers.
type Stream interface {
	Send(i int) error
	Recv() (bytes int, err error)
	Close() error
}

// Pipelined keeps a number of requests open on every stream.
func Pipelined(window int, d time.Duration, pids []int, streams []Stream) (Result, error) {
	return run(d, pids, len(streams), func(worker int, stop *atomic.Bool) (responses, bytes int64, err error) {
		s, i := streams[worker], worker*stride
		for range window {
			if err := s.Send(i); err != nil {
				return responses, bytes, err
			}
			i++
		}
		for open := window; open > 0; {
			n, err := s.Recv()
			if err != nil {
				return responses, bytes, err
			}
			responses++
			bytes += int64(n)
			if stop.Load() {
				open--
				continue
			}
			if err := s.Send(i); err != nil {
				return responses, bytes, err
			}
			i++
		}
		return responses, bytes, nil
	})
}
