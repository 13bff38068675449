package lease

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// past is what a process knows of its terms that have ended. The database may have lost it since.
type past struct {
	mu        sync.Mutex       // guards what follows
	term      int64            // the highest
	published map[string]int64 // the revision by epoch; allOf when rows of it were gone
}

// allOf is above every revision: whatever is there of a history lacks something.
const allOf = math.MaxInt64

// lastTerm is the highest term that the process has had.
func (p *past) lastTerm() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.term
}

// ended adds a term that has ended. What was published once stays published. A process sees few epochs in its life, so
// all are kept: a backup may be put back twice.
func (p *past) ended(term int64, epoch string, revision int64, lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.term = max(p.term, term)
	if epoch == "" {
		return // it ended before it had read the history
	}
	if p.published == nil {
		p.published = make(map[string]int64)
	}
	if lost {
		revision = allOf
	}
	p.published[epoch] = max(p.published[epoch], revision)
}

// known are the epochs and what was published under each.
func (p *past) known() (epochs []string, published []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for epoch, revision := range p.published {
		epochs, published = append(epochs, epoch), append(published, revision)
	}
	return epochs, published
}

// lacks reports whether a history is one that the process knows and has less than was published in it.
func (p *past) lacks(epoch string, revision int64) (seen int64, lacks bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen = p.published[epoch]
	return seen, seen > revision
}

// renameLost gives the history a new epoch if it lacks what this process has published. A term does it before it gives the
// lease back, since nobody else may know. When it does not work, the next term of this process does it, or a cache that
// is ahead makes another's do it.
func (c *Candidate) renameLost(ctx context.Context) error {
	epochs, published := c.past.known()
	rows, err := dbsqlc.New(c.pools.Lease).RenameHistory(ctx, dbsqlc.RenameHistoryParams{Epochs: epochs, Published: published})
	if err != nil {
		return fmt.Errorf("looking whether the history has lost anything: %w", err)
	}
	if rows > 0 {
		c.log.WarnContext(ctx, "history was lost, it has a new epoch")
	}
	return nil
}

// RenameKnown gives the history a new epoch when an earlier term of this process has published more of it than there is.
func (t *Term) RenameKnown(ctx context.Context) error {
	seen, lacks := t.candidate.past.lacks(t.Epoch(), t.believed().committed)
	if !lacks {
		return nil
	}
	return t.Mint(ctx, seen)
}

// Mint gives the history a new epoch because somebody has seen a revision of it that does not exist. No write may be in
// flight.
func (t *Term) Mint(ctx context.Context, seen int64) error {
	was, head := t.Epoch(), t.believed().committed
	t.believe(func(b *belief) { b.epoch = "" })
	epoch, err := dbsqlc.New(t.candidate.pools.Lease).MintEpoch(ctx, dbsqlc.MintEpochParams{Holder: t.Holder, Term: t.Number})
	if err != nil {
		// Without a response it may or may not have a new name. Either is a name of this history; who acquires next
		// reads which.
		return errors.Join(fmt.Errorf("minting an epoch: %w", err), t.Lose(errEpochUnknown))
	}
	t.candidate.log.WarnContext(ctx, "history was lost, it has a new epoch", "was", was, "epoch", epoch, "head", head, "seen", seen)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.belief.epoch, t.epoch = epoch, epoch
	return nil
}
