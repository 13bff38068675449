package store

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/puzpuzpuz/xsync/v4"
)

// table maps the ids of one bookmaker, or SportRadar's, to the newest states of events. One goroutine writes; any number
// read, without a lock. Use newTable.
//
// Among very many events a lookup costs what it waits for memory, so it touches one place only: an id is in its slot
// beside the event, two slots to a line of the processor's cache, and no pointer is followed to compare it. Buckets are
// searched one after another (linear probing). A slot's id is written once and stays for as long as the buckets are used,
// so readers need no lock; an id that goes leaves its slot without an event. When four of five slots have an id, the events
// that are left move to new buckets, and readers of the old ones see what was there until then.
//
// Ids beyond longestPacked bytes, which no bookmaker has, are kept in an ordinary concurrent map.
type table struct {
	buckets atomic.Pointer[[]bucket]
	long    *xsync.Map[string, *Event]

	// The writer's own.
	used, held int   // slots with an id, and with an event
	longs      int64 // the most ids that long ever had
	yield      *yielder
}

// bucket is filled from its first slot on, and no slot is ever emptied. So a bucket whose second slot is free has nothing
// behind it, and a search ends there.
type bucket [2]slot

// slot is free while id[2] is 0, which is written last: a reader that sees it sees the rest of the id, too. The event is
// stored after the id, so a reader may find a slot of an id whose event is still nil, which means that there is none.
type slot struct {
	id    [3]atomic.Uint64
	event atomic.Pointer[Event] // nil when it is gone
}

// longestPacked is how many bytes an id may have to be packed into three words, with its length.
const longestPacked = 3*8 - 1

// newTable makes an empty table. The yielder is called while a large one moves to new buckets.
func newTable(y *yielder) *table {
	t := &table{long: xsync.NewMap[string, *Event](), yield: y}
	t.buckets.Store(new(make([]bucket, 1)))
	return t
}

// get is the event of an id; nil if there is none. It takes no lock and allocates nothing.
//
// A get beside a put finds the event before or the event after it. Beside a move it may search the old buckets, which are
// complete and not written to any more when the new ones are in place.
func (t *table) get(id string) *Event {
	if len(id) > longestPacked {
		e, _ := t.long.Load(id)
		return e
	}
	p, all := pack(id), *t.buckets.Load()
	for i := p.bucket(all); ; i = after(i, all) {
		// Both slots are compared before anything is decided: which of them it is cannot be foreseen, and a wrong guess of
		// the processor would cost as much as the wait for memory.
		b := &all[i]
		differs, e := b[0].differs(&p), b[0].event.Load()
		if second := b[1].event.Load(); b[1].differs(&p) == 0 {
			differs, e = 0, second
		}
		if differs == 0 {
			return e
		}
		if b[1].free() {
			return nil
		}
	}
}

// put makes e the event of an id, or lets the id have none when e is nil.
func (t *table) put(id string, e *Event) {
	switch {
	case len(id) <= longestPacked:
		t.putPacked(pack(id), e)
	case e == nil:
		t.long.Delete(id)
	default:
		t.long.Store(id, e)
		t.longs = max(t.longs, int64(t.long.Size()))
	}
}

// putPacked is put for an id that is kept in a slot. An id that gets no event and has no slot needs none.
func (t *table) putPacked(p packed, e *Event) {
	s := find(*t.buckets.Load(), &p)
	if s.free() {
		if e == nil {
			return
		}
		if all := *t.buckets.Load(); 5*(t.used+1) > 4*len(bucket{})*len(all) {
			s = find(t.move(), &p)
		}
		s.take(&p)
		t.used++
	}
	switch had := s.event.Swap(e) != nil; {
	case had && e == nil:
		t.held--
	case !had && e != nil:
		t.held++
	}
}

// move makes new buckets with what is held, about half of their slots taken, and drops the ids that have no event. It takes
// time in proportion to what is held, and happens after as many new ids at least as a quarter of the slots.
func (t *table) move() []bucket {
	old, all := *t.buckets.Load(), make([]bucket, t.held+1)
	for i := range old {
		t.yield.every(bucketsPerYield, i)
		for k := range old[i] {
			s := &old[i][k]
			if e := s.event.Load(); e != nil {
				p := packed{s.id[0].Load(), s.id[1].Load(), s.id[2].Load()}
				moved := find(all, &p)
				moved.take(&p)
				moved.event.Store(e)
			}
		}
	}
	t.used = t.held
	t.buckets.Store(&all)
	return all
}

// bytes is what the table takes.
func (t *table) bytes() int64 {
	return heapSize(len(*t.buckets.Load())*int(unsafe.Sizeof(bucket{}))) + concurrentBytes(t.longs) + int64(t.long.Size())*pairBytes
}

// find is the slot of an id, or the free one where it would stand.
func find(all []bucket, p *packed) *slot {
	for i := p.bucket(all); ; i = after(i, all) {
		for k := range all[i] {
			if s := &all[i][k]; s.free() || s.differs(p) == 0 {
				return s
			}
		}
	}
}

// after is the bucket that is searched next.
func after(i int, all []bucket) int {
	if i++; i == len(all) {
		return 0
	}
	return i
}

// free reports whether the slot has no id yet.
func (s *slot) free() bool { return s.id[2].Load() == 0 }

// differs is 0 for the slot of an id.
func (s *slot) differs(p *packed) uint64 {
	return (s.id[0].Load() ^ p[0]) | (s.id[1].Load() ^ p[1]) | (s.id[2].Load() ^ p[2])
}

// take gives a free slot its id.
func (s *slot) take(p *packed) {
	s.id[0].Store(p[0])
	s.id[1].Store(p[1])
	s.id[2].Store(p[2])
}

// packed is an id in three words: its bytes, zeros, and in the last byte its length plus one, so that no id has a third word
// of 0 and no two ids have the same words.
type packed [3]uint64

// pack packs an id of at most longestPacked bytes.
func pack(id string) packed {
	var b [3 * 8]byte
	copy(b[:longestPacked], id)
	b[longestPacked] = byte(len(id) + 1)
	return packed{
		binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:]),
	}
}

// bucket is where the search for an id begins. The hash is wyhash's step; nobody can put ids into the table to make them
// collide.
func (p *packed) bucket(all []bucket) int {
	high, low := bits.Mul64(p[0]^0xa0761d6478bd642f, p[1]^0xe7037ed1a0b428db)
	high, low = bits.Mul64(high^low^p[2], 0x8ebc6af09c88c6e3)
	high, _ = bits.Mul64(high^low, uint64(len(all)))
	return int(high)
}
