package feedmodel

import (
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// none says that a counter is not set.
const none = -1

// tap stands between the feed server and one replica: it passes messages, holds them back, cuts, and records.
type tap struct {
	mu      sync.Mutex
	open    bool
	budget  int           // messages that a closed tap lets pass
	cut     int           // messages until the stream is cut; none for never
	drop    int           // batches until one is lost; none for never
	dropped int           // batches that were lost
	changed chan struct{} // closed and replaced on every change
	streams []*history.Stream

	frozenAt time.Time     // since when connections are half-open; zero for not
	transit  time.Duration // how long the last caught-up heartbeat was under way
}

func newTap() *tap { return &tap{open: true, cut: none, drop: none, changed: make(chan struct{})} }

// set changes the tap and lets those who wait look again.
func (t *tap) set(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	close(t.changed)
	t.changed = make(chan struct{})
}

// intercept makes the server's streams go through the taps.
func intercept(taps map[string]*tap) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, &tapped{ServerStream: stream, taps: taps})
	}
}

// tapped is one stream behind a tap. The feed receives and sends by one goroutine each.
type tapped struct {
	grpc.ServerStream

	taps   map[string]*tap
	tap    *tap // known from subscribe on
	stream *history.Stream
}

// RecvMsg learns from subscribe which replica it is.
func (s *tapped) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if sub := m.(*oddscachev1.StreamSnapshotsRequest).GetSubscribe(); sub != nil {
		s.tap = s.taps[sub.GetReplicaId()]
		s.stream = &history.Stream{Replica: sub.GetReplicaId(), Subscribe: sub}
		s.tap.mu.Lock()
		defer s.tap.mu.Unlock()
		s.tap.streams = append(s.tap.streams, s.stream)
	}
	return nil
}

// SendMsg records a message and sends it when the tap lets it pass.
func (s *tapped) SendMsg(m any) error {
	lost, err := s.pass(m)
	if err != nil || lost {
		return err
	}
	return s.ServerStream.SendMsg(m)
}

func (s *tapped) pass(m any) (lost bool, err error) {
	batch, err := batchIn(m)
	if err != nil {
		return false, err
	}
	t := s.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	began := time.Now()
	for !t.open && t.budget == 0 {
		changed := t.changed
		t.mu.Unlock()
		select {
		case <-changed:
		case <-s.Context().Done():
		}
		t.mu.Lock()
		if err := s.Context().Err(); err != nil {
			return false, err
		}
	}
	t.budget = max(0, t.budget-1)
	if t.cut == 0 {
		t.cut = none
		return false, status.Error(codes.Unavailable, "cut by the test")
	}
	t.cut = max(none, t.cut-1)
	if batch != nil {
		if t.drop = max(none, t.drop-1); t.drop == 0 {
			t.drop = none
			t.dropped++
			s.note(m, batch) // the source has sent it
			return true, nil
		}
	}
	if s.note(m, batch) {
		if t.frozenAt.IsZero() {
			t.transit = 0
		}
		t.transit = max(t.transit, time.Since(began))
	}
	return false, nil
}

// note records a message that passes, and reports whether it says that the replica is caught up.
func (s *tapped) note(m any, batch *feedlog.Batch) (caughtUp bool) {
	if batch != nil {
		s.stream.Messages = append(s.stream.Messages, history.Message{At: time.Now(), Batch: batch})
		return false
	}
	response := m.(*oddscachev1.StreamSnapshotsResponse)
	if start := response.GetStart(); start != nil {
		s.stream.Start = start
		return false
	}
	p := response.GetProgress()
	s.stream.Messages = append(s.stream.Messages, history.Message{At: time.Now(), Progress: p})
	s.stream.CaughtUp = s.stream.CaughtUp || p.GetCaughtUp()
	return p.GetCaughtUp()
}

// batchIn decodes a batch, which the feed sends as bytes; nil for other messages.
func batchIn(m any) (*feedlog.Batch, error) {
	raw, is := m.(*rawpb.Message)
	if !is {
		return nil, nil //nolint:nilnil // no batch and no error: it is another message
	}
	body, _ := feedlog.BatchIn(raw.Bytes())
	b, err := feedlog.DecodeBatch(body, nil)
	return &b, err
}
