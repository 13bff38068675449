package store

// How many units of work the writer does between two calls of yield: some microseconds' worth of each kind.
const (
	keysPerYield     = 8 // keys, events and confirmations
	contentsPerYield = 1 // each of which is walked through
	bucketsPerYield  = 64
)

// yielder calls yield in the midst of work that one batch can make long, such as an eviction or a full sync, so that
// lookups get the processor. yield itself decides whether to pause; nil never does.
type yielder struct{ yield func() }

// every is called for the i-th of some units, and calls yield for every n-th.
func (y *yielder) every(n, i int) {
	if y.yield != nil && i%n == n-1 {
		y.yield()
	}
}

// SetYield makes the writer call yield in the midst of long work, every few microseconds. It is called before the first
// batch is applied.
func (x *Index) SetYield(yield func()) { x.yield.yield = yield }
