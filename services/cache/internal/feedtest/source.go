package feedtest

import (
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Fault is what a source does instead of sending a message.
type Fault int

// The faults.
const (
	Pass   Fault = iota // no fault: the message is sent
	Drop                // the message is left out
	Cut                 // the stream ends
	Hang                // nothing is sent any more, and the stream stays open
	Garble              // a progress message carries a wrong digest
)

// Source serves a world's log as the scraper does, and does what a test wants in between.
type Source struct {
	oddscachev1.UnimplementedSnapshotFeedServiceServer

	// MaxBatchBytes bounds batches; small ones make many.
	MaxBatchBytes int

	world  atomic.Pointer[World]
	reject atomic.Pointer[error]
	fault  atomic.Pointer[func(m any) Fault]

	mu         sync.Mutex // guards what follows
	subscribed []*oddscachev1.Subscribe
	acks       []int64
}

// NewSource serves a world.
func NewSource(w *World) *Source {
	s := &Source{MaxBatchBytes: feedlog.MaxBatchBytes}
	s.world.Store(w)
	return s
}

// Serve changes the world that new streams see, as a restore of the database does.
func (s *Source) Serve(w *World) { s.world.Store(w) }

// Reject ends new streams with an error; nil serves again.
func (s *Source) Reject(err error) { s.reject.Store(&err) }

// Inject calls fault before every message, a *oddscachev1.Start, feedlog.Batch or *oddscachev1.Progress, and does what it returns.
func (s *Source) Inject(fault func(m any) Fault) { s.fault.Store(&fault) }

// Subscribed are the subscriptions so far.
func (s *Source) Subscribed() []*oddscachev1.Subscribe {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*oddscachev1.Subscribe(nil), s.subscribed...)
}

// Acked is the last acknowledged revision.
func (s *Source) Acked() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.acks) == 0 {
		return 0
	}
	return s.acks[len(s.acks)-1]
}

// StreamSnapshots serves one replica.
func (s *Source) StreamSnapshots(stream grpc.BidiStreamingServer[oddscachev1.StreamSnapshotsRequest, oddscachev1.StreamSnapshotsResponse]) error {
	if err := s.reject.Load(); err != nil && *err != nil {
		return *err
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	sub := first.GetSubscribe()
	s.mu.Lock()
	s.subscribed = append(s.subscribed, sub)
	s.mu.Unlock()
	go func() { // ends when the stream does, which the handler's return makes it do
		for {
			m, err := stream.Recv()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.acks = append(s.acks, m.GetAck().GetRevision())
			s.mu.Unlock()
		}
	}()
	return s.follow(stream, sub)
}

// follow sends the log from where the replica is.
func (s *Source) follow(stream grpc.ServerStream, sub *oddscachev1.Subscribe) error {
	w := s.world.Load()
	v := w.Log.View()
	start := &oddscachev1.Start{Epoch: w.Epoch, HeadRevision: v.Head, Mode: oddscachev1.StreamMode_STREAM_MODE_FULL}
	cursor := int64(0)
	switch revision := sub.GetRevision(); {
	case revision == 0:
		start.Reason = oddscachev1.StartReason_START_REASON_REQUESTED
	case sub.GetEpoch() != w.Epoch || revision > v.Head:
		start.Reason = oddscachev1.StartReason_START_REASON_UNKNOWN_EPOCH
	case revision < v.Floor:
		start.Reason = oddscachev1.StartReason_START_REASON_TOO_OLD
	default:
		start.Mode, start.Reason = oddscachev1.StreamMode_STREAM_MODE_RESUME, oddscachev1.StartReason_START_REASON_RESUMABLE
		cursor = revision
	}
	if err := s.send(stream, start); err != nil {
		return err
	}
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		v := w.Log.View()
		for cursor < v.Head {
			entries, to := v.After(cursor, s.MaxBatchBytes)
			if err := s.send(stream, feedlog.Batch{From: cursor, To: to, Entries: entries, More: to < v.Head}); err != nil {
				return err
			}
			cursor = to
		}
		p := &oddscachev1.Progress{Revision: v.Head, CaughtUp: true, Entries: int64(v.Entries), Digest: v.Digest}
		if err := s.send(stream, p); err != nil {
			return err
		}
		select {
		case <-v.Superseded():
		case <-beat.C:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// send sends a message, or does what the test wants instead.
func (s *Source) send(stream grpc.ServerStream, m any) error {
	fault := Pass
	if f := s.fault.Load(); f != nil {
		fault = (*f)(m)
	}
	switch fault {
	case Drop:
		return nil
	case Cut:
		return status.Error(codes.Unavailable, "cut by the test")
	case Hang:
		<-stream.Context().Done()
		return stream.Context().Err()
	case Pass, Garble:
	}
	switch m := m.(type) {
	case *oddscachev1.Start:
		return stream.SendMsg(&oddscachev1.StreamSnapshotsResponse{Message: &oddscachev1.StreamSnapshotsResponse_Start{Start: m}})
	case *oddscachev1.Progress:
		if fault == Garble {
			m.Digest++
		}
		return stream.SendMsg(&oddscachev1.StreamSnapshotsResponse{Message: &oddscachev1.StreamSnapshotsResponse_Progress{Progress: m}})
	default:
		return stream.SendMsg(rawpb.New(feedlog.EncodeBatch(m.(feedlog.Batch))...))
	}
}
