package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/upkeep"
)

// Writer holds the lease. Its methods are safe for concurrent use; writes follow one another.
//
// A writer that is lost stays lost: its log stands still, every write returns lease.ErrNotWriter, and the feed
// ends its streams. What ends a term is said in the package comment.
type Writer struct {
	store      *Store
	term       *lease.Term
	bookmakers bookmakers
	zstd       *encode.Codec
	log        *feedlog.Log
	state      *committed
	background sync.WaitGroup // renewing the lease, and the upkeep; both end when the lease is lost
	upkeep     *upkeep.Keeper

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
	if err := w.term.Check(); err != nil {
		w.end()
		return err
	}
	return nil
}

func (w *Writer) end() { <-w.writing }

// Epoch names the history that the log's revisions belong to. It changes only by MintEpoch.
func (w *Writer) Epoch() string { return w.term.Epoch() }

// Log is the log of what is committed. It is the same value for the writer's whole life.
func (w *Writer) Log() *feedlog.Log { return w.log }

// Lost is closed when the lease cannot be held any more: it could not be renewed in time, another took it, or the
// writer was released.
func (w *Writer) Lost() <-chan struct{} { return w.term.Done().Done() }

// Err says why the writer is lost, wrapping lease.ErrNotWriter; nil while it is not.
func (w *Writer) Err() error { return w.term.Err() }

// Held reports whether the lease is held at this moment, judged by the local monotonic clock alone: true guarantees
// that nobody else holds it. After a stall it is false before Lost is closed, so ask it before claiming to be the
// source.
func (w *Writer) Held() bool { return w.term.Held() }

// Verify reads lease and revision from Postgres, with no write in flight, and returns the committed revision. It
// returns lease.ErrNotWriter when the lease is another's.
func (w *Writer) Verify(ctx context.Context) (revision int64, err error) {
	if err := w.begin(ctx); err != nil {
		return 0, err
	}
	defer w.end()
	return w.head, w.term.Verify(ctx)
}

// MintEpoch gives the history a new name because a replica has seen a revision of it that does not exist. It verifies
// that first, and returns ErrNotAhead if revision is within the history. Streams of the old epoch must be ended.
func (w *Writer) MintEpoch(ctx context.Context, revision int64) (epoch string, err error) {
	if err := w.begin(ctx); err != nil {
		return "", err
	}
	defer w.end()
	if err := w.term.Verify(ctx); err != nil {
		return "", err
	}
	if revision <= w.head {
		return "", fmt.Errorf("revision %d at head %d: %w", revision, w.head, ErrNotAhead)
	}
	ctx, cancel := w.term.During(ctx)
	defer cancel()
	if err := w.term.Mint(ctx, revision); err != nil {
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
	w.term.End()
	w.background.Wait()
	return w.term.Release(ctx)
}
