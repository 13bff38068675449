package leader

import (
	"context"
	"errors"
	"fmt"

	"github.com/oddscache/oddscache/services/scraper/internal/feed"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// source is a writer as the feed sees it.
type source struct{ *store.Writer }

var _ feed.Source = source{}

// errBehind means that the log does not show yet what is committed. The replica tries again.
var errBehind = errors.New("log is behind the database")

// Diverged finds out why a replica is ahead of the log. Either this scraper is not the writer any more, or its log is a
// moment behind: then an error is returned, and the replica keeps what it has. Or the database has lost history that
// the replica still holds: then that history gets a new epoch and nil is returned, so the replica is sent everything.
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
