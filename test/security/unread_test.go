package security

import (
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// unread is attempts to have the cache hold answers by not reading them.
func unread() []attempt {
	return []attempt{
		{"cache: 100 batches of 500 keys, none of which is read", "all but a few: RESOURCE_EXHAUSTED; then the connection is closed", func(t *testing.T, s *testbed) string {
			w := s.closedWire(t)
			batch := s.encoded(t, s.batch(500))
			for i := range maxStreams {
				if err := s.send(w, uint32(2*i+1), oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName, batch); err != nil {
					return met(err)
				}
			}
			s.lookup(t)
			rejected, ended := w.rejections("RESOURCE_EXHAUSTED: ")
			if rejected < maxStreams*3/4 {
				t.Errorf("%d of %d batches were refused", rejected, maxStreams)
			}
			return "all but a few: RESOURCE_EXHAUSTED; then " + ended
		}},
		{"cache: 100 LookupEvents streams that ask and never read", "they are not answered any more; then the connection is closed", func(t *testing.T, s *testbed) string {
			w := s.closedWire(t)
			lookup := s.encoded(t, &oddscachev1.LookupEventsRequest{Key: &oddscachev1.LookupEventsRequest_SrId{SrId: s.event}})
			for i := range maxStreams {
				stream := uint32(2*i + 1)
				if err := s.open(w, stream, oddscachev1.OddsCacheService_LookupEvents_FullMethodName); err != nil {
					return met(err)
				}
				for range 20 {
					if err := w.framer.WriteData(stream, false, lookup); err != nil {
						return met(err)
					}
				}
			}
			s.lookup(t)
			return "they are not answered any more; then " + w.response(0)
		}},
	}
}

// closedWire is a wire whose client opens no window for answers.
func (s *testbed) closedWire(t *testing.T) *wire {
	t.Helper()
	w := s.wire(t)
	if err := w.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}); err != nil {
		t.Fatal(err)
	}
	return w
}

// batch asks for the event n times.
func (s *testbed) batch(n int) *oddscachev1.BatchGetEventsRequest {
	r := &oddscachev1.BatchGetEventsRequest{}
	for range n {
		r.Keys = append(r.Keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: s.event}})
	}
	return r
}

// encoded is a gRPC message.
func (s *testbed) encoded(t *testing.T, m proto.Message) []byte {
	t.Helper()
	body, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return message(false, len(body), body)
}

// send makes a call with one message of less than a frame.
func (s *testbed) send(w *wire, stream uint32, method string, request []byte) error {
	if err := s.open(w, stream, method); err != nil {
		return err
	}
	return w.framer.WriteData(stream, true, request)
}

// rejections reads until the connection ends, and says how. It counts the calls that end without an answer.
func (w *wire) rejections(status string) (count int, ended string) {
	decoder := hpack.NewDecoder(4096, nil)
	for {
		f, err := w.framer.ReadFrame()
		if err != nil {
			return count, met(err)
		}
		h, ok := f.(*http2.HeadersFrame)
		if !ok {
			continue
		}
		fields, err := decoder.DecodeFull(h.HeaderBlockFragment())
		if err != nil {
			return count, met(err)
		}
		trailers := make(map[string]string)
		for _, field := range fields {
			trailers[field.Name] = field.Value
		}
		if h.StreamEnded() && strings.HasPrefix(grpcStatus(trailers, ""), status) {
			count++
		}
	}
}
