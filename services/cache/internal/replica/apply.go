package replica

import (
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// step takes one message and does what it says. Its error ends the stream.
func (s *session) step() error {
	m := s.next()
	if m.err != nil {
		return m.err
	}
	if m.batch != nil {
		return s.apply(*m.batch)
	}
	p := m.other.GetProgress()
	if p == nil {
		return fmt.Errorf("message is neither batch nor progress: %w", errProtocol)
	}
	return s.progress(p)
}

// apply applies a batch and, if it leads to a state of the source, publishes it and acknowledges it. Within a transaction of
// several batches nothing is published, so that lookups never see a part of it; nor is it acknowledged.
func (s *session) apply(b feedlog.Batch) error {
	began := time.Now()
	//failpoint:replica.received
	done, err := s.index.Append(b)
	if err != nil {
		if errors.Is(err, feedlog.ErrGap) {
			s.r.cfg.Observer.Gap()
		}
		return err
	}
	if s.staging || !b.More { // a staging index is not served yet, and small steps leave the processor to lookups
		s.index.Publish()
	}
	took := time.Since(began)
	s.track(b, began)
	s.r.head.Store(max(s.r.head.Load(), b.To))
	s.r.cfg.Observer.Applied(done, took)
	//failpoint:replica.applied
	if s.staging {
		//failpoint:replica.mid_full
		return nil
	}
	s.r.cfg.Store.CountEvicted(done.EvictedEvents)
	s.r.backoff.Reset()
	if b.More {
		return nil
	}
	//failpoint:replica.before_ack
	return s.ack(took)
}

// ack acknowledges the revision that lookups see. The scraper waits for all live replicas' before it returns from a call
// whose writes have to be visible, and shows them in its metrics. took is how long the last batch took to apply; 0 with a
// heartbeat.
func (s *session) ack(took time.Duration) error {
	err := s.send(&oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Ack{Ack: &oddscachev1.Ack{
		Revision: s.index.Log().Head, ApplyDuration: durationpb.New(took),
	}}})
	if !errors.Is(err, io.EOF) {
		return err
	}
	for { // the source's reason comes after what it sent before
		if m := s.next(); m.err != nil {
			return m.err
		}
	}
}
