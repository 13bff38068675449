package faults

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// recorder follows the feed as a cache does, and keeps what it was sent since it was asked last.
type recorder struct {
	conn *grpc.ClientConn

	log   *feedlog.Log
	epoch string

	mu      sync.Mutex
	streams []*history.Stream
	wrong   []string
	fulls   int
}

// run follows until ctx ends.
func (r *recorder) run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = r.follow(ctx) // every end of a stream is a fault's doing; what it was sent is validated
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (r *recorder) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := r.conn.NewStream(ctx, &oddscachev1.SnapshotFeedService_ServiceDesc.Streams[0],
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName, grpc.ForceCodecV2(rawpb.NewCodec()))
	if err != nil {
		return fmt.Errorf("opening the stream: %w", err)
	}
	sub := &oddscachev1.Subscribe{ReplicaId: "recorder", Epoch: r.epoch}
	if r.log != nil {
		sub.Revision = r.log.View().Head
	}
	if err := stream.SendMsg(&oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{Subscribe: sub}}); err != nil {
		return fmt.Errorf("subscribing: %w", err)
	}
	s := &history.Stream{Replica: "recorder", Subscribe: sub}
	r.mu.Lock()
	r.streams = append(r.streams, s)
	r.mu.Unlock()
	silent := time.AfterFunc(4*time.Second, cancel)
	defer silent.Stop()
	log, epoch := r.log, "" // what take changes in the stream is not read here again
	for {
		var m rawpb.Message
		if err := stream.RecvMsg(&m); err != nil {
			return fmt.Errorf("receiving: %w", err)
		}
		silent.Reset(4 * time.Second)
		if body, is := feedlog.BatchIn(m.Bytes()); is {
			b, err := feedlog.DecodeBatch(body, nil)
			if err == nil {
				err = log.Append(b.From, b.To, b.Entries)
			}
			r.note(s, history.Message{At: time.Now(), Batch: &b})
			if err != nil {
				r.faultf("%v", err)
				return err
			}
			continue
		}
		var response oddscachev1.StreamSnapshotsResponse
		if err := proto.Unmarshal(m.Bytes(), &response); err != nil {
			r.faultf("%v", err)
			return err
		}
		if start := response.GetStart(); start != nil {
			epoch = start.GetEpoch()
			full := start.GetMode() == oddscachev1.StreamMode_STREAM_MODE_FULL
			r.mu.Lock()
			s.Start = start
			if full {
				r.fulls++
			}
			r.mu.Unlock()
			if full {
				if r.log != nil && sub.GetRevision() > 0 { // before the first write there is nothing to resume
					r.faultf("full sync without need: %v at %d", start, sub.GetRevision())
				}
				log = feedlog.New(nil)
			}
			continue
		}
		p := response.GetProgress()
		r.note(s, history.Message{At: time.Now(), Progress: p})
		if !p.GetCaughtUp() {
			continue
		}
		if v := log.View(); v.Digest != p.GetDigest() || int64(v.Entries) != p.GetEntries() || v.Head != p.GetRevision() {
			r.faultf("at %d: %d entries, digest %x; the source at %d has %d, %x", v.Head, v.Entries, v.Digest, p.GetRevision(), p.GetEntries(), p.GetDigest())
		}
		r.log, r.epoch = log, epoch
	}
}

func (r *recorder) note(s *history.Stream, m history.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Messages = append(s.Messages, m)
}

func (r *recorder) faultf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// take returns what was recorded since the last call, and what was wrong. A stream that goes on is validated so far;
// the next call begins where it stands.
func (r *recorder) take() (streams []*history.Stream, messages int, wrong []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.streams {
		streams = append(streams, &history.Stream{Replica: s.Replica, Subscribe: s.Subscribe, Start: s.Start, Messages: s.Messages})
		messages += len(s.Messages)
	}
	if n := len(r.streams); n > 0 {
		last := r.streams[n-1]
		if k := len(last.Messages); k > 0 && last.Start != nil {
			at := last.Subscribe.GetRevision()
			switch m := last.Messages[k-1]; {
			case m.Batch != nil:
				at = m.Batch.To
			case m.Progress != nil:
				at = m.Progress.GetRevision()
			}
			last.Subscribe = &oddscachev1.Subscribe{ReplicaId: "recorder", Epoch: last.Start.GetEpoch(), Revision: at}
			start := proto.CloneOf(last.Start)
			start.Mode = oddscachev1.StreamMode_STREAM_MODE_RESUME
			last.Start, last.Messages = start, nil
		}
		r.streams = []*history.Stream{last}
	}
	wrong, r.wrong = r.wrong, nil
	return streams, messages, wrong
}

// Sampler asks a cache for pages of events all the time.
type Sampler struct {
	Name   string
	Client oddscachev1.OddsCacheServiceClient

	mu      sync.Mutex
	samples []history.Sample
}

// Run asks until ctx ends.
func (s *Sampler) Run(ctx context.Context) {
	token := ""
	for ctx.Err() == nil {
		call, cancel := context.WithTimeout(ctx, time.Second)
		page, err := s.Client.ListEvents(call, &oddscachev1.ListEventsRequest{IncludeSnapshots: true, PageSize: 5, PageToken: token})
		cancel()
		token = page.GetNextPageToken()
		if err == nil {
			for _, e := range page.GetEvents() {
				for _, snap := range e.GetSnapshots() {
					snap.Markets = nil // what orders the states is beside them
				}
			}
			s.mu.Lock()
			s.samples = append(s.samples, history.Sample{Replica: s.Name, At: time.Now(), Freshness: page.GetFreshness(), Events: page.GetEvents()})
			s.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// Take returns the samples since the last call, and the last one before.
func (s *Sampler) Take() []history.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.samples
	s.samples = nil
	if n := len(taken); n > 0 {
		s.samples = append(s.samples, taken[n-1])
	}
	return taken
}
