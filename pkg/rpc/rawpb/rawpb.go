// Package rawpb lets a gRPC server respond with protobuf bytes that exist already, and a client take a response as
// bytes, beside ordinary messages on the same connection.
//
// The bytes are built and read by others: the packages snapshot and feedlog, and the cache's frame.
package rawpb

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// Message is an encoded message. Its buffers must never be changed once it was handed to gRPC: the transport reads
// them after Send has returned. A server may send it once, since it puts buffers of its own into Data.
type Message struct {
	Data mem.BufferSlice
	// Own is how many bytes of memory the message takes beside what others hold anyway; 0 means all of Data. It matters
	// to a server that bounds what it holds of messages that nobody reads.
	Own int
}

// Takes is how many bytes of memory the message takes.
func (m *Message) Takes() int {
	if m.Own > 0 {
		return m.Own
	}
	return m.Data.Len()
}

// New makes a message of slices that stand one after another on the wire. The slices are not copied.
func New(parts ...[]byte) *Message {
	data := make(mem.BufferSlice, len(parts))
	for i, p := range parts {
		data[i] = mem.SliceBuffer(p)
	}
	return &Message{Data: data}
}

// Pooled is a received message in memory of the transport's, for a receiver that is done with the bytes before it takes
// the next message. Free gives the memory back.
type Pooled struct {
	buffer mem.Buffer
}

// Bytes is the message. Nobody may use it after Free.
func (p *Pooled) Bytes() []byte { return p.buffer.ReadOnlyData() }

// Free gives the memory back. It is called once for each message that was received.
func (p *Pooled) Free() { p.buffer.Free() }

// Codec passes *Message through as it is and leaves everything else to gRPC's own protobuf codec, so that health,
// reflection and generated clients work as ever. The zero value is not usable; use NewCodec.
type Codec struct {
	proto encoding.CodecV2
}

var _ encoding.CodecV2 = Codec{}

// NewCodec makes a Codec.
func NewCodec() Codec { return Codec{proto: encoding.GetCodecV2(proto.Name)} }

// Name is "proto": the wire format is the same.
func (Codec) Name() string { return proto.Name }

// Marshal returns the buffers of a *Message, else the encoded message.
func (c Codec) Marshal(v any) (mem.BufferSlice, error) {
	if m, ok := v.(*Message); ok {
		return m.Data, nil
	}
	data, err := c.proto.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("marshalling %T: %w", v, err)
	}
	return data, nil
}

// Unmarshal copies the received bytes into a *Message as one buffer that the receiver owns, or into a *Pooled, else
// decodes them.
func (c Codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *Message:
		m.Data = mem.BufferSlice{mem.SliceBuffer(data.Materialize())}
		return nil
	case *Pooled:
		m.buffer = data.MaterializeToBuffer(mem.DefaultBufferPool())
		return nil
	}
	if err := c.proto.Unmarshal(data, v); err != nil {
		return fmt.Errorf("unmarshalling %T: %w", v, err)
	}
	return nil
}

// Bytes is the message as one slice. It copies unless there is exactly one buffer.
func (m *Message) Bytes() []byte {
	if len(m.Data) == 1 {
		return m.Data[0].ReadOnlyData()
	}
	return m.Data.Materialize()
}
