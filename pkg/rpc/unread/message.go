package unread

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/mem"
)

// overhead is what gRPC and this package hold of a message beside its bytes: frames, trailers, the stream.
const overhead = 1 << 10

// step is how many bytes of a message are between two marks: when they are read, the client is seen to read.
const step = 64 << 10

// Message is a message on its way through gRPC. It is given back to the pool when gRPC has freed it for the last time.
type Message struct {
	data    mem.BufferSlice
	account *account
	last    mark   // in the place of data's last buffer
	marks   []mark // in the place of others, step bytes apart
}

// account is what a connection knows of a message. It is apart from it so that a message that gRPC has forgotten can be
// collected, which gives it back.
type account struct {
	size, wire int64
	deadline   bool
	progress   atomic.Int64 // the tick at which something was read last; 0 before

	of   *Connection // nil when it is not counted, or not any more; whoever holds the message sets it
	kind kind

	since      int64    // the tick at which it was counted
	prev, next *account // in the connection's list, whose mutex guards them
}

// mark is a buffer that says when it was read.
type mark struct {
	mem.Buffer
	refs    atomic.Int32
	message *Message
}

//nolint:gochecknoglobals // a pool is shared by nature
var pool = sync.Pool{New: func() any {
	m := &Message{account: new(account)}
	m.last.message = m
	runtime.AddCleanup(m, (*account).drop, m.account)
	return m
}}

// newMessage marks data, which takes own bytes of memory.
func newMessage(data mem.BufferSlice, own int) *Message {
	m, _ := pool.Get().(*Message) // the pool holds nothing else
	m.data = data
	a := m.account
	a.wire = int64(data.Len())
	a.size = int64(own) + overhead
	a.progress.Store(0)
	if len(data) == 0 {
		m.data = mem.BufferSlice{mem.SliceBuffer(nil)} // something to be freed
	}
	if a.wire > step {
		m.divide()
	}
	end := len(m.data) - 1
	m.last.Buffer = m.data[end]
	m.last.refs.Store(1)
	m.data[end] = &m.last
	return m
}

// divide puts marks into a message that is larger than a step, and cuts buffers that are.
func (m *Message) divide() {
	if slices.ContainsFunc(m.data, func(b mem.Buffer) bool { return b.Len() > step }) {
		m.cut()
	}
	m.marks = make([]mark, 0, int(m.account.wire/step)+1)
	for i, n := 0, 0; i < len(m.data)-1; i++ { // the last buffer has a mark of its own
		if n += m.data[i].Len(); n < step {
			continue
		}
		n = 0
		m.marks = append(m.marks, mark{Buffer: m.data[i], message: m})
		at := &m.marks[len(m.marks)-1]
		at.refs.Store(1)
		m.data[i] = at
	}
}

// cut divides large buffers.
func (m *Message) cut() {
	var parts mem.BufferSlice
	for _, b := range m.data {
		if b.Len() <= step {
			parts = append(parts, b)
			continue
		}
		for at := 0; at < b.Len(); at += step {
			parts = append(parts, b.Slice(at, min(at+step, b.Len())))
		}
		b.Free() // its parts refer to it
	}
	m.data = parts
}

// forget frees a message that is not going to be sent.
func (m *Message) forget() { m.data.Free() }

// end gives the message back.
func (m *Message) end() {
	m.account.drop()
	m.data, m.last.Buffer, m.marks = nil, nil, nil
	pool.Put(m)
}

// drop gives back what an account counts. Nobody else has the account: it is called for the last mark that is freed, or for
// a message that nothing refers to any more, as are those that the pool lets go.
func (a *account) drop() {
	if a.of != nil {
		a.of.release(a)
	}
}

// Ref implements mem.Buffer.
func (b *mark) Ref() {
	b.refs.Add(1)
	b.Buffer.Ref()
}

// Free implements mem.Buffer. gRPC frees the buffers of a message in their order.
func (b *mark) Free() {
	b.Buffer.Free()
	if b.refs.Add(-1) > 0 {
		return
	}
	if m := b.message; b == &m.last {
		m.end()
	} else if of := m.account.of; of != nil {
		m.account.progress.Store(of.budget.clock.Load())
	}
}
