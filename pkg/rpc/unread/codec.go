package unread

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// Codec gives gRPC the buffers of a *Message and leaves everything else to the codec inside, whose name it has.
type Codec struct{ encoding.CodecV2 }

// Marshal returns the buffers of a *Message, else what the codec inside makes of v.
func (c Codec) Marshal(v any) (mem.BufferSlice, error) {
	if m, ok := v.(*Message); ok {
		return m.data, nil
	}
	return c.CodecV2.Marshal(v) //nolint:wrapcheck // it says what it was doing
}
