package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// Why a term ends although nobody stopped the writer.
var (
	// errSuperseded says that the row in feed_state is another writer's, or that the database lost that it was given to
	// this one.
	errSuperseded = errors.New("the lease is another's")
	// errRewound says that the database lacks something that was committed and published, or has something else in its
	// place: a standby that was promoted, a backup that was put back, rows that somebody deleted. The history goes on
	// under a new epoch.
	errRewound = errors.New("the database lacks what was committed")
	// errForeign says that somebody else has written. The log is rebuilt from what is there.
	errForeign = errors.New("the database has what this writer did not write")
	// errCycleLost says that a cycle has begun and the database does not have it running. The log lacks nothing.
	errCycleLost = errors.New("the cycle is not running in the table")
)

// belief is what a writer takes the database to say.
type belief struct {
	epoch     string              // empty while it is being changed
	committed int64               // the revision that was published
	attempted int64               // the highest revision that a transaction in flight may commit
	running   map[string]struct{} // cycles that have begun and whose end is not being written
}

// said is what the database says at one instant.
type said struct {
	holder   string
	term     int64
	revision int64
	epoch    string
	running  []string // cycles
	cycles   bool     // whether running was asked for
}

// contradiction returns how what was said denies what the writer believed before it asked and still believed when the
// answer came; nil when it does not. Writes may go on meanwhile.
func (s *said) contradiction(l *term, before, after belief) error {
	switch {
	case s.holder != l.holder || s.term != l.term:
		return fmt.Errorf("%w: holder %q, term %d", errSuperseded, s.holder, s.term)
	case before.epoch != "" && before.epoch == after.epoch && s.epoch != before.epoch:
		return fmt.Errorf("%w: epoch %s became %s", errRewound, before.epoch, s.epoch)
	case s.revision < before.committed:
		return fmt.Errorf("%w: it is at revision %d, %d was published", errRewound, s.revision, before.committed)
	case s.revision > after.attempted:
		return fmt.Errorf("%w: it is at revision %d, above %d", errForeign, s.revision, after.attempted)
	case !s.cycles:
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(before.running)) {
		if _, still := after.running[id]; still && !slices.Contains(s.running, id) {
			return fmt.Errorf("cycle %s: %w", id, errCycleLost)
		}
	}
	return nil
}

// denies reports whether the error of a statement says that the database is not what the writer believes. Constraints
// between rows are among it: the writer writes only what fits the rows that it knows.
func denies(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code == "23503" || answer.Code == "23505" // a row is missing, a row is there
	}
	return errors.Is(err, errRewound) || errors.Is(err, errCycleLost) || errors.Is(err, errForeign)
}

// denied ends the term because a statement found the database to be otherwise than the writer believes. If that is so
// because another writes, or history was lost, the feed's row says it; otherwise cause stands. It returns the error of
// everything to come.
func (w *Writer) denied(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.store.attempt())
	defer cancel()
	s, err := readSaid(ctx, dbsqlc.New(w.store.pools.Lease))
	if err != nil {
		return w.lease.lose(errors.Join(cause, err))
	}
	now := w.lease.believed()
	if reason := s.contradiction(w.lease, now, now); reason != nil {
		cause = reason
	} else if !errors.Is(cause, errCycleLost) && !errors.Is(cause, errForeign) {
		cause = fmt.Errorf("%w: %w", errRewound, cause)
	}
	return w.lease.lose(cause)
}

// readSaid asks for everything but the running cycles.
func readSaid(ctx context.Context, q *dbsqlc.Queries) (said, error) {
	row, err := q.ReadFeedState(ctx)
	if err != nil {
		return said{}, fmt.Errorf("reading the feed's state: %w", err)
	}
	return saidBy(row), nil
}

func saidBy(row dbsqlc.ReadFeedStateRow) said {
	return said{holder: row.Holder, term: row.Term, revision: row.Revision, epoch: row.Epoch}
}
