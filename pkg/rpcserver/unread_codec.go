package rpcserver

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// unreadCodec encodes responses that are counted as what they hold, and leaves everything else to the codec inside.
type unreadCodec struct{ encoding.CodecV2 }

// Marshal encodes v.
func (c unreadCodec) Marshal(v any) (mem.BufferSlice, error) {
	r, counted := v.(*response)
	if !counted {
		return c.CodecV2.Marshal(v) //nolint:wrapcheck // it is the codec's own
	}
	data, err := c.CodecV2.Marshal(r.msg)
	if err != nil {
		r.Put(nil)
		return nil, err //nolint:wrapcheck // it is the codec's own
	}
	return r.encode(data), nil
}
