package security

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// exchange sends text and waits for the first bytes of an answer.
func exchange(conn net.Conn, text string) error {
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	response := make([]byte, 100)
	n, err := conn.Read(response)
	if err == nil && bytes.HasPrefix(response[:n], []byte("HTTP/1")) {
		return fmt.Errorf("answer %q", response[:n]) //nolint:err113 // it is a result
	}
	for err == nil { // HTTP/2 frames, until the connection ends
		_, err = conn.Read(response)
	}
	return err
}

// statusLine sends text and returns the status line that it is answered with, as an error.
func statusLine(conn net.Conn, text string) error {
	sent := make(chan struct{})
	go func() { // ends when everything is sent, or the connection is closed
		defer close(sent)
		_, _ = io.WriteString(conn, text)
	}()
	line, err := bufio.NewReader(conn).ReadString('\n')
	_ = conn.Close()
	<-sent
	if err != nil {
		return err
	}
	return errors.New(strings.TrimSpace(line))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

// wire is an HTTP/2 connection of somebody who does not keep to the rules.
type wire struct {
	conn   *tls.Conn
	framer *http2.Framer
	block  bytes.Buffer
	hpack  *hpack.Encoder
}

// wire connects to the cache's gRPC port and exchanges settings.
func (s *testbed) wire(t *testing.T) *wire {
	t.Helper()
	conn, err := s.secure(t, s.cache, s.as(t), "h2")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{conn: conn, framer: http2.NewFramer(conn, conn)}
	w.framer.AllowIllegalWrites = true
	w.hpack = hpack.NewEncoder(&w.block)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := w.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	return w
}

// headers encodes a call's headers; more are pairs of name and value, which take the place of the usual ones.
func (s *testbed) headers(w *wire, path string, more ...string) []byte {
	w.block.Reset()
	usual := []string{
		":method", "POST", ":scheme", "https", ":path", path, ":authority", "localhost",
		"content-type", "application/grpc", "te", "trailers", "authorization", "Bearer " + s.tokens["wire"],
	}
	for i := 0; i < len(usual); i += 2 {
		value := usual[i+1]
		if len(more) > 1 && more[0] == usual[i] {
			value, more = more[1], more[2:]
		}
		_ = w.hpack.WriteField(hpack.HeaderField{Name: usual[i], Value: value})
	}
	for i := 0; i+1 < len(more); i += 2 {
		_ = w.hpack.WriteField(hpack.HeaderField{Name: more[i], Value: more[i+1]})
	}
	return bytes.Clone(w.block.Bytes())
}

// open begins a call.
func (s *testbed) open(w *wire, stream uint32, path string, more ...string) error {
	return w.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: s.headers(w, path, more...), EndHeaders: true,
	})
}

// message is a gRPC message's frame, with a length that may be a lie.
func message(compressed bool, length int, data []byte) []byte {
	b := make([]byte, 5, 5+len(data))
	if compressed {
		b[0] = 1
	}
	binary.BigEndian.PutUint32(b[1:], uint32(length))
	return append(b, data...)
}

// response reads until the stream ends or the connection does, and says how.
func (w *wire) response(stream uint32) string {
	decoder := hpack.NewDecoder(4096, nil)
	last := make(map[string]string)
	for {
		f, err := w.framer.ReadFrame()
		if err != nil {
			return met(err)
		}
		switch f := f.(type) {
		case *http2.GoAwayFrame:
			if f.ErrCode != http2.ErrCodeNo {
				why, _, _ := strings.Cut(string(f.DebugData()), ". ") // the frame follows, with a length that varies
				return strings.TrimSuffix(fmt.Sprintf("GOAWAY %v: %s", f.ErrCode, why), ": ")
			}
		case *http2.RSTStreamFrame:
			if f.StreamID == stream {
				return grpcStatus(last, fmt.Sprintf("RST_STREAM %v", f.ErrCode))
			}
		case *http2.HeadersFrame:
			fields, err := decoder.DecodeFull(f.HeaderBlockFragment())
			if err != nil {
				return met(err)
			}
			if f.StreamID != stream {
				continue
			}
			for _, h := range fields {
				last[h.Name] = h.Value
			}
			if f.StreamEnded() {
				return grpcStatus(last, "the stream ends")
			}
		}
	}
}

// grpcStatus words the trailers of a call.
func grpcStatus(trailers map[string]string, otherwise string) string {
	if trailers[":status"] != "" && trailers[":status"] != "200" {
		otherwise = "HTTP " + trailers[":status"]
	}
	code, has := trailers["grpc-status"]
	if !has {
		return otherwise
	}
	var n uint32
	_, _ = fmt.Sscan(code, &n)
	text := name(codeOf(n))
	if trailers["grpc-message"] != "" {
		text += ": " + strings.ReplaceAll(trailers["grpc-message"], "%C2%A0", " ") // protobuf's texts vary on purpose
	}
	if trailers[":status"] != "" && trailers[":status"] != "200" {
		text = otherwise + " " + text
	}
	return text
}

// sendUntilClosed calls send until it fails or the server has answered with how the connection ends, which it returns.
func (w *wire) sendUntilClosed(t *testing.T, times int, send func(i int) error) string {
	t.Helper()
	ended := make(chan string, 1)
	go func() { ended <- w.response(0) }() // ends with the connection
	for i := range times {
		if err := send(i); err != nil {
			break
		}
	}
	select {
	case how := <-ended:
		return how
	case <-time.After(2 * time.Second):
		_ = w.conn.Close()
		<-ended
		return "the connection goes on"
	}
}

// alive reports whether the connection still answers a ping.
func (w *wire) alive(ctx context.Context) error {
	if err := w.framer.WritePing(false, [8]byte{1}); err != nil {
		return err
	}
	for ctx.Err() == nil {
		f, err := w.framer.ReadFrame()
		if err != nil {
			return err
		}
		if p, ok := f.(*http2.PingFrame); ok && p.IsAck() {
			return nil
		}
		if g, ok := f.(*http2.GoAwayFrame); ok {
			return fmt.Errorf("GOAWAY %v: %s", g.ErrCode, g.DebugData()) //nolint:err113 // it is a result
		}
	}
	return ctx.Err()
}
