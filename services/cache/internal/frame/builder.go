package frame

import (
	"slices"
	"sync"
	"unsafe"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/snapshot"
)

// Builder puts a response together from frames. Builders are pooled: whoever takes one with NewBuilder gives it back with
// Release when it has the message.
type Builder struct {
	parts mem.BufferSlice
	size  int
	own   int // bytes of what follows

	// Memory for the small pieces that belong to this response alone. A full chunk is left to the parts that refer to it
	// and a new one begun, so what was handed out never moves.
	bytes []byte
	boxes []mem.SliceBuffer
	spans []span

	touched byte // so that nothing read by touch is left out
}

// Sizes of a builder's memory.
const (
	chunkBytes = 256
	chunkBoxes = 4 // a whole event has its freshness, and three suffixes

	// kept bounds the parts that a pooled builder keeps room for: those of a batch of some size.
	kept = 1024

	// partBytes and boxBytes are the sizes of a part and of a buffer of its own.
	partBytes = int(unsafe.Sizeof(mem.Buffer(nil)))
	boxBytes  = int(unsafe.Sizeof(mem.SliceBuffer(nil)))
)

//nolint:gochecknoglobals // a pool is shared by nature
var builders = sync.Pool{New: func() any { return new(Builder) }}

// NewBuilder takes a builder with room for n parts; it grows when there are more.
func NewBuilder(n int) *Builder {
	b, _ := builders.Get().(*Builder)
	if b == nil {
		b = new(Builder)
	}
	b.parts = slices.Grow(b.parts, n)
	return b
}

// Message is the response so far. It does not change with the builder and outlives it. It may be sent once: gRPC then takes
// its memory back.
func (b *Builder) Message() *rawpb.Message {
	if b.size > packed {
		b.bytes, b.boxes = nil, nil // they go with the response
		return &rawpb.Message{Data: slices.Clone(b.parts), Own: b.own + len(b.parts)*partBytes}
	}
	piece := lent.Get(packed) // the builder keeps its own memory
	for _, p := range b.parts {
		*piece = append(*piece, p.ReadOnlyData()...)
	}
	return lent.message(piece)
}

// Release gives the builder back. Nobody may use it afterwards.
func (b *Builder) Release() {
	clear(b.parts) // or the pool would hold on to events that are gone
	clear(b.boxes)
	if cap(b.parts) > kept {
		b.parts = nil
	}
	b.parts, b.boxes, b.bytes, b.size = b.parts[:0], b.boxes[:0], b.bytes[:0], 0
	b.own = cap(b.bytes) + cap(b.boxes)*boxBytes
	builders.Put(b)
}

// Size is the number of bytes so far.
func (b *Builder) Size() int { return b.size }

// Append adds what write appends to the slice it is given, n bytes or less.
func (b *Builder) Append(n int, write func([]byte) []byte) {
	b.part(b.scratch(n, write))
}

// Event adds an event.
func (b *Builder) Event(e *Event) {
	b.parts = append(b.parts, &e.prefix, &e.body)
	b.size += len(e.prefix) + len(e.body)
}

// Snapshots adds the snapshots, in their order, as far as the filter lets them through. A bookmaker that passes stays
// in the response when none of its markets does, so that one sees when it was captured.
func (b *Builder) Snapshots(snapshots []Snapshot, f Filter) {
	b.touched ^= f.touch(snapshots)
	for i := range snapshots {
		s := &snapshots[i]
		if !f.bookmaker(s.Bookmaker) {
			continue
		}
		if len(f.marketIDs) > 0 {
			b.markets(s, f)
			continue
		}
		b.parts = append(b.parts, &s.prefix, &s.body, b.box(s.confirmed[:]))
		b.size += s.size()
	}
}

// markets adds a snapshot with some of its markets: its header, ranges of its bytes and the suffix.
func (b *Builder) markets(s *Snapshot, f Filter) {
	b.spans = f.spans(b.spans[:0], s.Content)
	size := int(s.header) + snapshot.SuffixLen
	for _, r := range b.spans {
		size += r.to - r.from
	}
	b.part(b.prefix(fieldSnapshots, size))
	b.part(s.body[:s.header])
	for _, r := range b.spans {
		b.part(s.body[r.from:r.to])
	}
	b.part(s.confirmed[:])
}

// Open begins a message inside the response, whose length is not known yet. Close ends it.
func (b *Builder) Open() Mark {
	b.parts = append(b.parts, nil)
	return Mark{part: len(b.parts) - 1, size: b.size}
}

// Mark is where a message inside a response begins.
type Mark struct{ part, size int }

// Close writes the tag and length of what was added since Open.
func (b *Builder) Close(m Mark, field protowire.Number) {
	p := b.prefix(field, b.size-m.size)
	b.parts[m.part] = b.box(p)
	b.size += len(p)
}

// maxPrefix is room enough for a tag and a length.
const maxPrefix = 2 * 5

// prefix is the tag and length of n bytes.
func (b *Builder) prefix(field protowire.Number, n int) []byte {
	return b.scratch(maxPrefix, func(p []byte) []byte { return appendPrefix(p, field, n) })
}

// part makes p a part of the response.
func (b *Builder) part(p []byte) {
	b.parts = append(b.parts, b.box(p))
	b.size += len(p)
}

// scratch is what write appends to a slice with room for n bytes, in memory of the response's own.
func (b *Builder) scratch(n int, write func([]byte) []byte) []byte {
	if cap(b.bytes)-len(b.bytes) < n {
		b.bytes = make([]byte, 0, max(n, chunkBytes))
		b.own += cap(b.bytes)
	}
	at := len(b.bytes)
	p := write(b.bytes[at:at])
	if at+len(p) <= cap(b.bytes) { // else write outgrew its room and has moved to memory of its own
		b.bytes = b.bytes[:at+len(p)]
	}
	return slices.Clip(p)
}

// box makes a buffer of p without an allocation of its own.
func (b *Builder) box(p []byte) mem.Buffer {
	if len(b.boxes) == cap(b.boxes) {
		b.boxes = make([]mem.SliceBuffer, 0, max(chunkBoxes, 2*cap(b.boxes)))
		b.own += cap(b.boxes) * boxBytes
	}
	b.boxes = append(b.boxes, p)
	return &b.boxes[len(b.boxes)-1]
}
