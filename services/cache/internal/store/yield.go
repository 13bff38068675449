package store

import "runtime"

// yieldEvery is how many events or keys the writer handles before it lets lookups have the processor: some tens of
// microseconds, where the scheduler itself would take it away after 10 ms.
const yieldEvery = 64

// yieldContents is the same for entries with their contents, each of which is walked through.
const yieldContents = 16

// yield lets lookups go first, now and then, in work that one cycle end can make long. i counts the steps.
func yield(i int) { yieldAfter(yieldEvery, i) }

func yieldAfter(every, i int) {
	if i%every == every-1 {
		runtime.Gosched()
	}
}
