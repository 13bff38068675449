package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// Writer holds the lease. Its methods are safe for concurrent use; writes follow one another.
//
// A writer that is lost stays lost: its log stands still, every write returns ErrLost, and the feed ends its streams.
type Writer struct {
	store      *Store
	lease      *lease
	bookmakers bookmakers
	zstd       *codec
	log        *feedlog.Log
	state      *committed
	renewing   sync.WaitGroup // the goroutines that renew the lease and keep the history; they end when the lease is lost
	partitions partitions
	upkeepDue  chan struct{} // holds a token when upkeep has something to do before its time

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

// Err says why the writer is lost, wrapping ErrLost; nil while it is not.
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
// returns ErrLost when the lease is another's.
func (w *Writer) Verify(ctx context.Context) (revision int64, err error) {
	if err := w.begin(ctx); err != nil {
		return 0, err
	}
	defer w.end()
	return w.head, w.verify(ctx)
}

func (w *Writer) verify(ctx context.Context) error {
	row, err := dbsqlc.New(w.store.pools.lease).ReadFeedState(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("reading the feed's state: %w", err)
	case row.Term != w.lease.term:
		return w.lease.lose("term %d took it", row.Term)
	case row.Revision != w.head:
		return w.lease.lose("Postgres is at revision %d, the log at %d", row.Revision, w.head)
	}
	return w.lease.check()
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
	epoch, err = dbsqlc.New(w.store.pools.lease).MintEpoch(ctx, dbsqlc.MintEpochParams{Holder: w.lease.holder, Term: w.lease.term})
	if err != nil {
		// Without an answer it may or may not have a new name. Either is a name of this history; who acquires next
		// reads which.
		return "", errors.Join(fmt.Errorf("minting an epoch: %w", err), w.lease.lose("its epoch is unknown"))
	}
	w.store.log.WarnContext(ctx, "history was lost, it has a new epoch", "epoch", epoch, "head", w.head, "seen", revision)
	w.epochMu.Lock()
	defer w.epochMu.Unlock()
	w.epoch = epoch
	return epoch, nil
}

// Release ends the writer and gives the lease back, so that another need not wait for it to expire. A write in
// flight is waited for. It returns an error when giving the lease back did not work; the writer is lost either way.
func (w *Writer) Release(ctx context.Context) error {
	mine := w.begin(ctx) == nil
	// Nobody may take this process for the source once another can have the lease.
	_ = w.lease.lose("it was released")
	w.renewing.Wait()
	if !mine {
		return nil
	}
	defer w.end()
	_, err := dbsqlc.New(w.store.pools.lease).ReleaseLease(ctx, dbsqlc.ReleaseLeaseParams{Holder: w.lease.holder, Term: w.lease.term})
	if err != nil {
		return fmt.Errorf("giving the lease back: %w", err)
	}
	return nil
}
