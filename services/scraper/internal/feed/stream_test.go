package feed_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/feed"
)

const (
	resume = oddscachev1.StreamMode_STREAM_MODE_RESUME
	full   = oddscachev1.StreamMode_STREAM_MODE_FULL
)

func TestStartModes(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1_000_000, 0)
	for _, tc := range []struct {
		name     string
		epoch    string
		revision int64
		mode     oddscachev1.StreamMode
		reason   oddscachev1.StartReason
	}{
		{"nothing yet", "", 0, full, oddscachev1.StartReason_START_REASON_REQUESTED},
		{"asks for everything", "e1", 0, full, oddscachev1.StartReason_START_REASON_REQUESTED},
		{"other history", "e0", 3, full, oddscachev1.StartReason_START_REASON_UNKNOWN_EPOCH},
		{"before a dropped cycle end", "e1", 1, full, oddscachev1.StartReason_START_REASON_TOO_OLD},
		{"at the dropped cycle end", "e1", 2, resume, oddscachev1.StartReason_START_REASON_RESUMABLE},
		{"at the head", "e1", 4, resume, oddscachev1.StartReason_START_REASON_RESUMABLE},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, b *testbed) {
				w := newWriter("e1")
				w.append(t, event("1"), cycleEnd("old", begin))
				w.append(t, event("2"), cycleEnd("new", begin.Add(feedlog.Keep+time.Second)))
				b.server.Lead(w)
				r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r", Epoch: tc.epoch, Revision: tc.revision}, feedlog.New(nil))
				if err != nil {
					t.Fatal(err)
				}
				if r.start.GetMode() != tc.mode || r.start.GetReason() != tc.reason || r.start.GetHeadRevision() != 4 || r.start.GetEpoch() != "e1" {
					t.Errorf("start is %v", r.start)
				}
			})
		})
	}
}

func TestReplicaFollowsAndResumes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		w.append(t, event("1"), content("b1", 10))
		log := feedlog.New(nil)
		r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, log)
		if err != nil {
			t.Fatal(err)
		}
		r.catchUp(t)
		w.append(t, content("b1", 20), event("2"))
		r.catchUp(t)
		if err := r.stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		w.append(t, event("2"), content("b2", 5))
		r, err = b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r", Epoch: "e1", Revision: r.at}, log)
		if err != nil {
			t.Fatal(err)
		}
		if r.start.GetMode() != resume {
			t.Errorf("start is %v", r.start)
		}
		r.catchUp(t)
		if r.at != 6 {
			t.Errorf("replica at revision %d", r.at)
		}
	})
}

func TestBatchesStayBelowTheirLimit(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		w.append(t, event("0"), content("huge", 3<<20))
		for i := range 40 {
			w.append(t, content(fmt.Sprint("b", i), 100_000))
		}
		r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		alone := 0
		for _, size := range r.catchUp(t) {
			if size > feedlog.MaxBatchBytes {
				alone++
			}
		}
		if alone != 1 {
			t.Errorf("%d batches above %d bytes, want the one large entry alone", alone, feedlog.MaxBatchBytes)
		}
	})
}

func TestHeartbeatComesEverySecond(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		w.append(t, event("1"))
		r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		r.catchUp(t)
		begin := time.Now()
		for range 5 {
			r.catchUp(t)
		}
		if took := time.Since(begin); took != 5*feed.Heartbeat {
			t.Errorf("five heartbeats in %v", took)
		}
	})
}

func TestStandbyAndLostWriterReject(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		_, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil))
		if err == nil {
			t.Fatal("a standby served")
		}
		w := newWriter("e1")
		b.server.Lead(w)
		r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		close(w.lost)
		for err == nil {
			_, err = r.stream.Recv()
		}
		if _, err = b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil)); err == nil {
			t.Error("a lost writer served")
		}
	})
}

func TestReplicaAheadIsInvestigated(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		w.append(t, event("1"))
		w.diverged = func(int64) error { return errTerm }
		ahead := &oddscachev1.Subscribe{ReplicaId: "r", Epoch: "e1", Revision: 9}
		if _, err := b.follow(t.Context(), ahead, feedlog.New(nil)); err == nil {
			t.Error("a source that may not be the writer served")
		}
		w.diverged = func(int64) error { w.mu.Lock(); defer w.mu.Unlock(); w.epoch = "e2"; return nil }
		r, err := b.follow(t.Context(), ahead, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		if r.start.GetMode() != full || r.start.GetEpoch() != "e2" || r.start.GetReason() != oddscachev1.StartReason_START_REASON_UNKNOWN_EPOCH {
			t.Errorf("start is %v", r.start)
		}
	})
}

func TestNewEpochEndsStreams(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		w.mu.Lock()
		w.epoch = "e2"
		w.mu.Unlock()
		for err == nil {
			_, err = r.stream.Recv()
		}
	})
}

func TestSubscribeIsChecked(t *testing.T) {
	t.Parallel()
	for name, sub := range map[string]*oddscachev1.Subscribe{
		"no name":  {},
		"long":     {ReplicaId: string(make([]byte, 201))},
		"negative": {ReplicaId: "r", Revision: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, b *testbed) {
				b.server.Lead(newWriter("e1"))
				if _, err := b.follow(t.Context(), sub, feedlog.New(nil)); err == nil {
					t.Error("it was served")
				}
			})
		})
	}
	t.Run("silence", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(t *testing.T, b *testbed) {
			b.server.Lead(newWriter("e1"))
			stream, err := b.client.StreamSnapshots(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); status.Code(err) == codes.OK {
				t.Error("silence was served")
			}
		})
	})
}

func TestReplicasAheadMintOneEpoch(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		w := newWriter("e1")
		b.server.Lead(w)
		w.append(t, event("1"))
		minted := 0
		w.diverged = func(int64) error {
			<-time.After(time.Second) // the database takes its time
			w.mu.Lock()
			defer w.mu.Unlock()
			minted++
			w.epoch = fmt.Sprint("e", 1+minted)
			return nil
		}
		var streams sync.WaitGroup
		for i := range 5 {
			streams.Go(func() {
				ahead := &oddscachev1.Subscribe{ReplicaId: fmt.Sprint("r", i), Epoch: "e1", Revision: 9}
				if r, err := b.follow(t.Context(), ahead, feedlog.New(nil)); err != nil || r.start.GetEpoch() != "e2" {
					t.Errorf("replica %d: %v, %v", i, r, err)
				}
			})
		}
		streams.Wait()
		if minted != 1 {
			t.Errorf("%d epochs were minted for one loss", minted)
		}
	})
}

func TestStreamThatMissesADroppedCycleEndIsEnded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, b *testbed) {
		begin := time.Unix(1_000_000, 0)
		w := newWriter("e1")
		b.server.Lead(w)
		for i := range 8 {
			w.append(t, content(fmt.Sprint("b", i), 500_000)) // more than the connection takes at once
		}
		r, err := b.follow(t.Context(), &oddscachev1.Subscribe{ReplicaId: "r"}, feedlog.New(nil))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the source waits for the replica to read, in the middle of what it saw first
		w.append(t, cycleEnd("old", begin))
		w.append(t, cycleEnd("new", begin.Add(feedlog.Keep+time.Second)))
		for {
			m, err := r.stream.Recv()
			if err != nil {
				return
			}
			if p := m.GetProgress(); p.GetCaughtUp() {
				t.Fatal("the replica caught up without a cycle end that was never sent")
			}
		}
	})
}
