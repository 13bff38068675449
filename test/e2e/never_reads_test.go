package e2e

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// batchOf is an encoded request for a batch of n keys, as a gRPC message.
func batchOf(ids []string, n int) []byte {
	r := &oddscachev1.BatchGetEventsRequest{}
	for i := range n {
		r.Keys = append(r.Keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: ids[i%len(ids)]}})
	}
	body, err := proto.Marshal(r)
	if err != nil {
		panic(err) // a message that was built here
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)
}

// neverReads is an HTTP/2 connection whose client opens no window for answers.
type neverReads struct {
	conn     net.Conn
	closed   chan struct{} // closed when the connection is
	rejected atomic.Int64  // streams that ended without an answer
}

func (a *neverReads) rejectedSoFar() int { return int(a.rejected.Load()) }

// attack opens a connection and asks for so many batches.
func attack(t *testing.T, addr string, request []byte, times int) *neverReads {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	a := &neverReads{conn: conn, closed: make(chan struct{})}
	framer := http2.NewFramer(conn, conn)
	go a.watch(framer)
	t.Cleanup(func() {
		_ = conn.Close()
		<-a.closed
	})
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	err = framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	for i := range times {
		if err == nil {
			err = sendRequest(framer, uint32(2*i+1), oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName, request)
		}
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.Logf("asking: %v", err)
	}
	return a
}

// sendRequest begins a call.
func sendRequest(framer *http2.Framer, stream uint32, method string, request []byte) error {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, h := range [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":path", method},
		{":authority", "cache"},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
	} {
		_ = encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}) // into memory
	}
	err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true})
	for err == nil && len(request) > 0 {
		part := request[:min(len(request), 16<<10)]
		request = request[len(part):]
		err = framer.WriteData(stream, len(request) == 0, part)
	}
	return err
}

// watch reads what is sent in spite of the closed window: settings, headers and the ends of refused calls.
func (a *neverReads) watch(framer *http2.Framer) {
	defer close(a.closed)
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			return
		}
		if h, ok := f.(*http2.HeadersFrame); ok && h.StreamEnded() {
			a.rejected.Add(1)
		}
	}
}
