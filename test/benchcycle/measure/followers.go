package measure

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
)

// idleFor is how long followers are watched while nothing happens.
const idleFor = 10 * time.Second

// Followers is what replicas beside the cache cost the scraper.
type Followers struct {
	Number        int
	FullSync      time.Duration // until all of them had everything
	Held          int64         // bytes of heap and stacks that the scraper holds for each, when all have everything
	Resident      int64         // bytes by which its resident memory grew for each, with what is free again
	Share         float64       // of a core that the scraper uses for each while nothing changes
	Cycle         Cycle         // one with all of them
	Batches, Sent int64         // to all of them during that cycle, the latter in bytes
}

// errSource says that the feed ended.
var errSource = errors.New("the feed ended")

// Follow lets n replicas follow the feed, each over a connection of its own: first while nothing happens, then for a
// cycle. They hold nothing, so that what this machine has is left to the scraper.
func Follow(ctx context.Context, r *cluster.Cluster, n int, cycle func() (Cycle, error)) (f Followers, err error) {
	f.Number = n
	before, err := idle(ctx, r)
	if err != nil {
		return f, err
	}
	ctx, stop := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer func() { stop(); following.Wait() }()
	began := time.Now()
	caughtUp := make(chan error, n)
	var batches, sent atomic.Int64
	for i := range n {
		following.Go(func() {
			one := follower{batches: &batches, sent: &sent, caughtUp: func() { caughtUp <- nil }}
			if err := one.follow(ctx, r.Scrapers[0].Addr, fmt.Sprint("follower-", i)); ctx.Err() == nil {
				caughtUp <- fmt.Errorf("follower %d: %w: %w", i, errSource, err)
			}
		})
	}
	for range n {
		if err := <-caughtUp; err != nil {
			return f, err
		}
	}
	f.FullSync = time.Since(began)
	with, err := idle(ctx, r)
	if err != nil {
		return f, err
	}
	f.Held, f.Resident = (with.held-before.held)/int64(n), (with.resident-before.resident)/int64(n)
	f.Share = (with.share - before.share) / float64(n)
	batches.Store(0)
	sent.Store(0)
	f.Cycle, err = cycle()
	f.Batches, f.Sent = batches.Load(), sent.Load()
	return f, err
}

// resting is what the scraper uses while nothing happens.
type resting struct {
	held, resident int64   // bytes
	share          float64 // of a core
}

func idle(ctx context.Context, r *cluster.Cluster) (s resting, err error) {
	before, err := r.Scrapers[0].Process().Usage()
	if err != nil {
		return s, err
	}
	began := time.Now()
	select {
	case <-time.After(idleFor):
	case <-ctx.Done():
		return s, context.Cause(ctx)
	}
	after, err := r.Scrapers[0].Process().Usage()
	if err != nil {
		return s, err
	}
	s.share = (after.CPU - before.CPU).Seconds() / time.Since(began).Seconds()
	s.resident = after.Bytes
	s.held, err = heldBytes(ctx, r.Scrapers[0].Admin)
	return s, err
}

// follower is one replica.
type follower struct {
	batches, sent *atomic.Int64
	caughtUp      func() // called once
}

// follow acknowledges what it gets until ctx ends.
func (f follower) follow(ctx context.Context, addr, id string) (err error) {
	conn, err := client.New(addr, client.Options{MaxRecvBytes: 64 << 20})
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", addr, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	stream, err := conn.NewStream(ctx, &oddscachev1.SnapshotFeedService_ServiceDesc.Streams[0],
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName, grpc.ForceCodecV2(rawpb.NewCodec()))
	if err != nil {
		return fmt.Errorf("opening the stream: %w", err)
	}
	request := &oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Subscribe{
		Subscribe: &oddscachev1.Subscribe{ReplicaId: id},
	}}
	for first := true; ; {
		if request != nil {
			if err := stream.SendMsg(request); err != nil {
				return fmt.Errorf("sending to the source: %w", err)
			}
		}
		var m rawpb.Message
		if err := stream.RecvMsg(&m); err != nil {
			return fmt.Errorf("receiving from the source: %w", err)
		}
		var progress bool
		if request, progress, err = f.take(m.Bytes()); err != nil {
			return err
		}
		if first && progress {
			first = false
			f.caughtUp()
		}
	}
}

// take reads a message, and returns what to answer, if anything, and whether it says that everything is there.
func (f follower) take(message []byte) (response *oddscachev1.StreamSnapshotsRequest, caughtUp bool, err error) {
	body, is := feedlog.BatchIn(message)
	if !is {
		var other oddscachev1.StreamSnapshotsResponse
		if err := proto.Unmarshal(message, &other); err != nil {
			return nil, false, fmt.Errorf("decoding a message: %w", err)
		}
		if !other.GetProgress().GetCaughtUp() {
			return nil, false, nil
		}
		return ack(other.GetProgress().GetRevision()), true, nil
	}
	b, err := feedlog.DecodeBatch(body, nil)
	if err != nil {
		return nil, false, fmt.Errorf("decoding a batch: %w", err)
	}
	f.batches.Add(1)
	f.sent.Add(int64(len(message)))
	if b.More {
		return nil, false, nil
	}
	return ack(b.To), false, nil
}

func ack(revision int64) *oddscachev1.StreamSnapshotsRequest {
	return &oddscachev1.StreamSnapshotsRequest{Message: &oddscachev1.StreamSnapshotsRequest_Ack{
		Ack: &oddscachev1.Ack{Revision: revision},
	}}
}
