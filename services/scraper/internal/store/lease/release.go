package lease

import (
	"context"
	"errors"
	"fmt"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// End ends the term for this process: from here on nothing is written or claimed under it. Release gives the lease back.
func (t *Term) End() { _ = t.Lose(errReleased) }

// Release ends the term and gives the lease back, so that another need not wait for it to expire; also one that is lost,
// unless it is known to be another's. A history that has lost what was published gets a new name first. Renew must have
// returned, and no write be in flight. It does nothing once it has succeeded.
func (t *Term) Release(ctx context.Context) error {
	cause := t.Lose(errReleased)
	c := t.candidate
	t.mu.Lock()
	released, epoch, published := t.released, t.epoch, t.belief.committed
	t.mu.Unlock()
	if released {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout())
	defer cancel()
	c.past.ended(t.Number, epoch, published, errors.Is(cause, ErrRewound))
	if !errors.Is(cause, errReleased) {
		c.pools.DiscardIdle() // they may lead to a server that is not the primary any more
	}
	if err := c.renameLost(ctx); err != nil {
		return err
	}
	if !errors.Is(cause, ErrSuperseded) {
		params := dbsqlc.ReleaseLeaseParams{Holder: t.Holder, Term: t.Number}
		if _, err := dbsqlc.New(c.pools.Lease).ReleaseLease(ctx, params); err != nil {
			return fmt.Errorf("giving the lease back: %w", err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.released = true
	return nil
}
