package scraper

import (
	"context"
	"errors"
	"fmt"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// retryLeading is the pause after a term that could not begin.
const retryLeading = time.Second

// releasing bounds giving the lease back.
const releasing = 5 * time.Second

// lead holds the lease whenever it can be had, and runs cycles while it is held. It ends with ctx.
func (a *App) lead(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.term(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("term ended", "error", err)
			select {
			case <-time.After(retryLeading):
			case <-ctx.Done():
			}
		}
	}
}

// term waits for the lease, serves the feed from its log and runs cycles until the lease is lost or ctx ends.
func (a *App) term(ctx context.Context) error {
	w, err := a.store.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquiring the lease: %w", err)
	}
	view := w.Log().View()
	a.log.Info("writing", "epoch", w.Epoch(), "revision", view.Head, "entries", view.Entries)
	//failpoint:lead.before_serving
	a.feed.Lead(source{w})
	//failpoint:lead.serving
	a.server.SetReady(true, oddscachev1.SnapshotFeedService_ServiceDesc.ServiceName)
	err = a.engine.Lead(ctx, w)
	if lost := w.Err(); lost != nil && errors.Is(err, store.ErrLost) {
		err = lost // which says why
	}
	a.server.SetReady(false, oddscachev1.SnapshotFeedService_ServiceDesc.ServiceName)
	a.feed.StandBy()
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), releasing)
	defer cancel()
	if released := w.Release(release); released != nil && !errors.Is(released, store.ErrLost) {
		err = errors.Join(err, fmt.Errorf("giving the lease back: %w", released))
	}
	return err
}

// source is a writer as the feed sees it.
type source struct{ *store.Writer }

// errBehind says that the log has yet to show what is committed; the replica asks again.
var errBehind = errors.New("log is behind the database")

// Diverged finds out why a replica is ahead of the log: this scraper is not the writer, its log is a moment behind,
// or the database has lost history, which then gets a new epoch.
func (s source) Diverged(ctx context.Context, replicaRevision int64) error {
	committed, err := s.Verify(ctx)
	if err != nil {
		return err
	}
	if committed >= replicaRevision {
		return fmt.Errorf("revision %d is committed, the log is at %d: %w", committed, s.Log().View().Head, errBehind)
	}
	if _, err := s.MintEpoch(ctx, replicaRevision); err != nil && !errors.Is(err, store.ErrNotAhead) {
		return err
	}
	return nil
}
