package store

// How many units of work the writer does before it may be time to rest: some microseconds' worth of each kind.
const (
	restKeys     = 8 // keys, events and confirmations
	restContents = 1 // each of which is walked through
	restBuckets  = 64
)

// rests lets others go first in the midst of work that one batch can make long. between is asked often and decides; nil
// never rests.
type rests struct{ between func() }

// after is called for the i-th of some units.
func (r *rests) after(every, i int) {
	if r.between != nil && i%every == every-1 {
		r.between()
	}
}

// Rest makes the writer call between in the midst of long work, every few microseconds. It is called before the first
// batch is applied.
func (x *Index) Rest(between func()) { x.rests.between = between }
