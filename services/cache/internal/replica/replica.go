package replica

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/services/cache/internal/pace"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Times of the protocol.
const (
	// Heartbeat is how often the source sends progress.
	Heartbeat = time.Second
	// Silence is how long nothing may arrive: three heartbeats and some slack.
	Silence = 3*Heartbeat + Heartbeat/2
	// FullInterval is the least time between two full syncs that a digest asked for.
	FullInterval = time.Minute
)

// Observer is told what the feed does. Its methods are called by the replica's goroutine and must not block.
type Observer interface {
	// Started is called when a stream begins, with the mode and the source's reason.
	Started(mode, reason string)
	// Applied is called after a batch became visible or was added to an index that is built aside.
	Applied(done store.Applied, took time.Duration)
	// Mismatch is called when a digest is not the source's.
	Mismatch()
	// Gap is called when a batch or progress does not fit what the index has.
	Gap()
	// Disconnected is called when a stream ended or could not be opened, before the next try.
	Disconnected(reason string)
}

// Config is what a replica needs.
type Config struct {
	// ID names the replica to the source; 1 to 200 bytes.
	ID string
	// Conn leads to the sources. The replica does not close it.
	Conn grpc.ClientConnInterface
	// Store is written by the replica alone.
	Store *store.Store
	// Answered counts the lookups that were answered so far. While it rises, work rests now and then; nil never rises.
	Answered func() int64
	Observer Observer
	Logger   *slog.Logger
}

// Replica follows the feed. Use New, then Run once.
type Replica struct {
	cfg     Config
	backoff backoff.ExponentialBackOff

	decoding, applying *pace.Pacer // made by Run

	head     atomic.Int64 // the source's, as last heard
	wantFull bool         // the next stream asks for a full sync
	lastFull time.Time    // when one that a digest asked for last began
}

// New makes a replica; Run starts it.
func New(cfg Config) (*Replica, error) {
	if n := len(cfg.ID); n < 1 || n > 200 {
		return nil, fmt.Errorf("replica id of %d bytes (must be 1 to 200)", n)
	}
	if cfg.Answered == nil {
		cfg.Answered = func() int64 { return 0 }
	}
	return &Replica{cfg: cfg, backoff: pauses()}, nil
}

// SourceHead is the newest revision that the source is known to have; 0 before the first stream.
func (r *Replica) SourceHead() int64 { return r.head.Load() }

// Run follows the feed until ctx ends, and returns nil then.
func (r *Replica) Run(ctx context.Context) error {
	answered := until(ctx, r.cfg.Answered)
	r.decoding, r.applying = pace.New(answered), pace.New(answered)
	for {
		err := r.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is what ended the stream
		}
		pause := r.backoff.NextBackOff()
		if wait := r.untilFull(); wait > pause {
			pause = wait
		}
		r.cfg.Observer.Disconnected(reasonOf(err))
		r.cfg.Logger.WarnContext(ctx, "feed interrupted", "error", err, "reason", reasonOf(err), "retry_in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// until is answered while ctx lasts, and stands still then: whoever stops does not wait for work that rests.
func until(ctx context.Context, answered func() int64) func() int64 {
	return func() int64 {
		if ctx.Err() != nil {
			return 0
		}
		return answered()
	}
}

// follow runs one stream to its end, whose reason it returns.
func (r *Replica) follow(ctx context.Context) error {
	s, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.begin(); err != nil {
		return err
	}
	for {
		if err := s.step(); err != nil {
			return err
		}
	}
}

// untilFull is how long a full sync that a digest asked for has to wait.
func (r *Replica) untilFull() time.Duration {
	if !r.wantFull || r.lastFull.IsZero() {
		return 0
	}
	return FullInterval - time.Since(r.lastFull)
}
