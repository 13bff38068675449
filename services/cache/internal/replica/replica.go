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
	// FullInterval is the least time between two full syncs that are requested because of a digest.
	FullInterval = time.Minute
)

// Observer is notified of what the feed does. Its methods are called by the replica's goroutine and must not block.
type Observer interface {
	// Started is called when a stream begins, with the mode and the source's reason.
	Started(mode, reason string)
	// Applied is called after a batch became visible, was held back or was added to the staging index.
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
	// LookupCount counts the lookups that were answered so far. While it rises, work pauses now and then; nil never rises.
	LookupCount func() int64
	Observer    Observer
	Logger      *slog.Logger
}

// Replica follows the feed. Use New, then Run once. All fields but head belong to the goroutine of Run.
type Replica struct {
	cfg     Config
	backoff backoff.ExponentialBackOff

	decodePacer, applyPacer *pace.Pacer // made by Run

	head         atomic.Int64 // the source's newest revision, as far as is known
	wantFullSync bool         // the next stream requests a full sync, because of a digest
	lastFullSync time.Time    // when the last one began that was requested so
}

// New makes a replica; Run starts it.
func New(cfg Config) (*Replica, error) {
	if n := len(cfg.ID); n < 1 || n > 200 {
		return nil, fmt.Errorf("replica id of %d bytes (must be 1 to 200)", n)
	}
	if cfg.LookupCount == nil {
		cfg.LookupCount = func() int64 { return 0 }
	}
	return &Replica{cfg: cfg, backoff: pauses()}, nil
}

// SourceHead is the newest revision that the source is known to have; 0 before the first stream.
func (r *Replica) SourceHead() int64 { return r.head.Load() }

// Run follows the feed until ctx ends, and returns nil then. Whatever ends a stream is logged, counted and followed by another
// try; nothing that a source sends ends Run.
func (r *Replica) Run(ctx context.Context) error {
	lookups := whileRunning(ctx, r.cfg.LookupCount)
	r.decodePacer, r.applyPacer = pace.New(lookups), pace.New(lookups)
	for {
		err := r.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is what ended the stream
		}
		pause := r.backoff.NextBackOff()
		if wait := r.fullSyncDelay(); wait > pause {
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

// whileRunning is count until ctx ends, and 0 from then on, so that work does not pause any more: a stop waits for it.
func whileRunning(ctx context.Context, count func() int64) func() int64 {
	return func() int64 {
		if ctx.Err() != nil {
			return 0
		}
		return count()
	}
}

// follow runs one stream to its end, whose reason it returns; it is never nil.
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

// fullSyncDelay is how long a full sync that is requested because of a digest has to wait.
func (r *Replica) fullSyncDelay() time.Duration {
	if !r.wantFullSync || r.lastFullSync.IsZero() {
		return 0
	}
	return FullInterval - time.Since(r.lastFullSync)
}
