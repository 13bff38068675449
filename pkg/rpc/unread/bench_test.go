package unread_test

import (
	"testing"

	"google.golang.org/grpc/mem"

	"github.com/oddscache/oddscache/pkg/rpc/unread"
)

// BenchmarkSend is what counting adds to a message of a stream.
func BenchmarkSend(b *testing.B) {
	c := unread.New(unread.Limits{Connections: 4096}).Open(func() {})
	data := mem.BufferSlice{nil}
	part := mem.SliceBuffer(make([]byte, 1000))
	b.ReportAllocs()
	for b.Loop() {
		data[0] = &part
		m, err := c.Send(b.Context(), data, 2000, true)
		if err != nil {
			b.Fatal(err)
		}
		sent(b, m).Free()
	}
}
