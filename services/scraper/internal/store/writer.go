package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// Writer holds the lease. Its methods are safe for concurrent use; writes follow one another.
//
// A writer that is lost stays lost: its log stands still, every write returns lease.ErrNotWriter, and the feed
// ends its streams. What ends a term is said in the package comment.
type Writer struct {
	store      *Store
	lease      *term
	bookmakers bookmakers
	zstd       *encode.Codec
	log        *feedlog.Log
	state      *committed
	renewing   sync.WaitGroup // the goroutines that renew the lease and keep the history; they end when the lease is lost
	released   bool           // Release has done its work; it alone uses it
	upkeep     *upkeep.Keeper

	epochMu sync.Mutex // guards epoch
	epoch   string

	// writing holds one token while somebody writes; what follows belongs to who put it there.
	writing     chan struct{}
	head        int64
	cutoff      time.Time // of the last eviction; zero before the first
	tournaments map[tournament]int32
	collapses   map[key]collapse
	running     map[string]time.Time // cycles that have begun and not ended, by id
}

// begin waits for the right to write.
func (w *Writer) begin(ctx context.Context) error {
	select {
	case w.writing <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("waiting for another write: %w", context.Cause(ctx))
	}
	if err := w.lease.check(); err != nil {
		w.end()
		return err
	}
	return nil
}

func (w *Writer) end() { <-w.writing }

// Epoch names the history that the log's revisions belong to. It changes only by MintEpoch.
func (w *Writer) Epoch() string {
	w.epochMu.Lock()
	defer w.epochMu.Unlock()
	return w.epoch
}

// Log is the log of what is committed. It is the same value for the writer's whole life.
func (w *Writer) Log() *feedlog.Log { return w.log }

// Lost is closed when the lease cannot be held any more: it could not be renewed in time, another took it, or the
// writer was released.
func (w *Writer) Lost() <-chan struct{} { return w.lease.lost }

// Err says why the writer is lost, wrapping lease.ErrNotWriter; nil while it is not.
func (w *Writer) Err() error {
	w.lease.mu.Lock()
	defer w.lease.mu.Unlock()
	return w.lease.err
}

// Held reports whether the lease is held at this moment, judged by the local monotonic clock alone: true guarantees
// that nobody else holds it. After a stall it is false before Lost is closed, so ask it before claiming to be the
// source.
func (w *Writer) Held() bool { return w.lease.held() }

// Verify reads lease and revision from Postgres, with no write in flight, and returns the committed revision. It
// returns lease.ErrNotWriter when the lease is another's.
func (w *Writer) Verify(ctx context.Context) (revision int64, err error) {
	if err := w.begin(ctx); err != nil {
		return 0, err
	}
	defer w.end()
	return w.head, w.verify(ctx)
}

func (w *Writer) verify(ctx context.Context) error {
	ctx, cancel := w.lease.during(ctx)
	defer cancel()
	s, err := readSaid(ctx, dbsqlc.New(w.store.pools.Lease))
	if err != nil {
		return w.unless(err)
	}
	now := w.lease.believed()
	if reason := s.contradiction(w.lease, now, now); reason != nil {
		return w.lease.lose(reason)
	}
	return w.lease.check()
}

// unless returns why the lease is lost if it is, and err otherwise: losing it cancels what is under way, whose error
// says nothing more.
func (w *Writer) unless(err error) error {
	if lost := w.lease.check(); lost != nil {
		return lost
	}
	return err
}

// MintEpoch gives the history a new name because a replica has seen a revision of it that does not exist. It verifies
// that first, and returns ErrNotAhead if revision is within the history. Streams of the old epoch must be ended.
func (w *Writer) MintEpoch(ctx context.Context, revision int64) (epoch string, err error) {
	if err := w.begin(ctx); err != nil {
		return "", err
	}
	defer w.end()
	if err := w.verify(ctx); err != nil {
		return "", err
	}
	if revision <= w.head {
		return "", fmt.Errorf("revision %d at head %d: %w", revision, w.head, ErrNotAhead)
	}
	ctx, cancel := w.lease.during(ctx)
	defer cancel()
	if err := w.mint(ctx, revision); err != nil {
		return "", err
	}
	return w.Epoch(), nil
}

// Release ends the writer and gives the lease back, so that another need not wait for it to expire; also one that is
// lost, unless it is known to be another's. A write in flight is waited for. A history that has lost what was published
// gets a new name before. It returns an error when giving the lease back did not work; the writer is lost either way.
func (w *Writer) Release(ctx context.Context) error {
	select {
	case w.writing <- struct{}{}:
		defer w.end()
	case <-ctx.Done(): // the write is fenced, and ends with the lease
	}
	// Nobody may take this process for the source once another can have the lease.
	cause := w.lease.lose(errReleased)
	w.renewing.Wait()
	if w.released {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.store.attempt())
	defer cancel()
	w.store.past.ended(w.lease.term, w.Epoch(), w.lease.believed().committed, errors.Is(cause, errRewound))
	if !errors.Is(cause, errReleased) {
		w.store.pools.DiscardIdle() // they may lead to a server that is not the primary any more
	}
	if err := w.store.renameLost(ctx); err != nil {
		return err
	}
	if !errors.Is(cause, errSuperseded) {
		params := dbsqlc.ReleaseLeaseParams{Holder: w.lease.holder, Term: w.lease.term}
		if _, err := dbsqlc.New(w.store.pools.Lease).ReleaseLease(ctx, params); err != nil {
			return fmt.Errorf("giving the lease back: %w", err)
		}
	}
	w.released = true
	return nil
}

// errReleased is why a writer is lost that nothing has befallen.
var errReleased = errors.New("it was released")
