package security

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

const getEvent = oddscachev1.OddsCacheService_GetEvent_FullMethodName

// frames is attempts with single calls of malformed parts. All have a token.
func frames() []attempt {
	call := func(data []byte, end bool, headers ...string) func(*testing.T, *testbed) string {
		return func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			if err := s.open(w, 1, getEvent, headers...); err != nil {
				return met(err)
			}
			for ; len(data) > 16<<10; data = data[16<<10:] {
				if err := w.framer.WriteData(1, false, data[:16<<10]); err != nil {
					return met(err)
				}
			}
			if err := w.framer.WriteData(1, end, data); err != nil {
				return met(err)
			}
			return w.response(1)
		}
	}
	raw := func(write func(*wire, *testbed) error) func(*testing.T, *testbed) string {
		return func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			if err := write(w, s); err != nil {
				return met(err)
			}
			return w.response(1)
		}
	}
	return []attempt{
		{"cache: bytes that are no protobuf", "INTERNAL: unmarshalling a request of 3 bytes: proto: cannot parse invalid wire-format data", call(message(false, 3, []byte{0xff, 0xff, 0xff}), true)},
		{"cache: protobuf that ends in the middle", "INTERNAL: unmarshalling a request of 3 bytes: proto: cannot parse invalid wire-format data", call(message(false, 3, []byte{0x0a, 0x7f, 'x'}), true)},
		{"cache: a message that says it has 4 GB", "RESOURCE_EXHAUSTED: grpc: received message larger than max (4294967295 vs. 4194304)", call(message(false, 1<<32-1, []byte("x")), true)},
		{"cache: a message shorter than it says", "INTERNAL: unexpected EOF", call(message(false, 100, []byte("x")), true)},
		{"cache: a compressed bomb, 16 MB in 16 kB", `UNIMPLEMENTED: grpc: Decompressor is not installed for grpc-encoding "gzip"`, call(message(true, len(bomb()), bomb()), true, "grpc-encoding", "gzip")},
		{"cache: a deadline in the past", `HTTP 400 INTERNAL: malformed grpc-timeout: strconv.ParseUint: parsing "-1": invalid syntax`, call(message(false, 0, nil), true, "grpc-timeout", "-1S")},
		{"cache: a deadline of nonsense", `HTTP 400 INTERNAL: malformed grpc-timeout: transport: timeout string is too long: "99999999999H"`, call(message(false, 0, nil), true, "grpc-timeout", "99999999999H")},
		{"cache: another content type", `HTTP 415 INVALID_ARGUMENT: invalid gRPC request content-type "text/html"`, call(message(false, 0, nil), true, "content-type", "text/html")},
		{"cache: a header of 1 MB", "the connection is closed", call(message(false, 0, nil), true, "x", strings.Repeat("v", 1<<20))},
		{"cache: a call by GET", `HTTP 405 INTERNAL: Received a HEADERS frame with :method "GET" which should be POST`, call(nil, true, ":method", "GET")},
		{"cache: headers that are no HPACK", "the connection is closed", raw(func(w *wire, _ *testbed) error {
			return w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: bytes.Repeat([]byte{0xff}, 100), EndHeaders: true})
		})},
		{"cache: a stream with an even number", "GOAWAY PROTOCOL_ERROR: received an illegal stream id: 2", raw(func(w *wire, s *testbed) error { return s.open(w, 2, getEvent) })},
		{"cache: a frame of 16 MB", "the connection is closed", raw(func(w *wire, _ *testbed) error {
			_, err := w.conn.Write([]byte{0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1})
			return err
		})},
		{"cache: a window of more than there is", "OK, it is ignored", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			if err := w.framer.WriteWindowUpdate(0, 1<<31-1); err != nil {
				return met(err)
			}
			return met(w.alive(t.Context())) + ", it is ignored"
		}},
		{"cache: garbage in place of HTTP/2", "the connection is closed", func(t *testing.T, s *testbed) string {
			conn, err := s.secure(t, s.cache, s.as(t), "h2")
			if err == nil {
				err = exchange(conn, strings.Repeat("garbage ", 100))
			}
			return met(err)
		}},
	}
}

// bomb is 16 MB of zeros, compressed.
func bomb() []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	zeros := make([]byte, 1<<20)
	for range 16 {
		_, _ = z.Write(zeros)
	}
	_ = z.Close()
	return b.Bytes()
}

// floods is attempts to keep the cache busy on one connection.
func floods() []attempt {
	return []attempt{
		{"cache: 10,000 streams on one connection", "all beyond 100: RST_STREAM REFUSED_STREAM", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			rejected := make(chan string, 1)
			go func() { rejected <- w.response(2*9_999 + 1) }() // ends with the last stream's refusal, or the connection
			for i := range 10_000 {
				if err := s.open(w, uint32(2*i+1), oddscachev1.OddsCacheService_WatchEvents_FullMethodName); err != nil {
					t.Logf("at stream %d: %v", i, err)
					break
				}
			}
			return fmt.Sprintf("all beyond %d: %s", maxStreams, <-rejected)
		}},
		{"cache: 5,000 calls that are taken back at once (rapid reset)", "the connection goes on", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			return w.sendUntilClosed(t, 5000, func(i int) error {
				if err := s.open(w, uint32(2*i+1), getEvent); err != nil {
					return err
				}
				return w.framer.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel)
			})
		}},
		{"cache: 10,000 pings", "GOAWAY ENHANCE_YOUR_CALM: too_many_pings", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			return w.sendUntilClosed(t, 10_000, func(int) error { return w.framer.WritePing(false, [8]byte{}) })
		}},
		{"cache: 10,000 settings that want an answer each", "the connection goes on", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			return w.sendUntilClosed(t, 10_000, func(int) error { return w.framer.WriteSettings() })
		}},
		{"cache: 20,000 headers of one call", "the connection is closed", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			var many []string
			for i := range 20_000 {
				many = append(many, fmt.Sprintf("h%d", i), "v")
			}
			return w.sendHeaders(s.headers(w, getEvent, many...))
		}},
		{"cache: 1,000 times a header of 4 kB, by its index (HPACK bomb)", "RST_STREAM FRAME_SIZE_ERROR", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			block := s.headers(w, getEvent, "x", strings.Repeat("v", 3000))
			block = append(block, bytes.Repeat([]byte{0xbe}, 1000)...)
			return w.sendHeaders(block)
		}},
		{"cache: headers that never end (CONTINUATION flood)", "the connection is closed", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			if err := w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.headers(w, getEvent)}); err != nil {
				return met(err)
			}
			w.block.Reset()
			return w.sendUntilClosed(t, 10_000, func(int) error {
				return w.framer.WriteContinuation(1, false, bytes.Repeat([]byte{0x40, 1, 'x', 1, 'y'}, 200))
			})
		}},
	}
}

// sendHeaders sends a block in as many frames as it takes and returns what comes of it.
func (w *wire) sendHeaders(block []byte) string {
	const most = 16 << 10
	first := block[:min(most, len(block))]
	rest := block[len(first):]
	ended := make(chan string, 1)
	go func() { ended <- w.response(1) }() // ends with the stream or the connection
	err := w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: first, EndHeaders: len(rest) == 0, EndStream: true})
	for err == nil && len(rest) > 0 {
		part := rest[:min(most, len(rest))]
		rest = rest[len(part):]
		err = w.framer.WriteContinuation(1, len(rest) == 0, part)
	}
	return <-ended
}
