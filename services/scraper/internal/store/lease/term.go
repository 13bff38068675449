package lease

import (
	"context"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
)

// Term is one term of this process as the writer: what it knows of the lease it took, and what it believes the database to
// say. Postgres counts lease_until from when it ran a statement; the deadline here counts from before the statement was
// sent, so it never lies later. It is safe for concurrent use.
type Term struct {
	Number int64         // of all terms of all writers; each takeover is one more
	Holder string        // names this process in feed_state
	Length time.Duration // for how long a renewal lasts

	candidate *Candidate
	ended     context.Context    //nolint:containedctx // ends when the lease is lost; other contexts are bound to it
	stop      context.CancelFunc // ends it

	mu       sync.Mutex // guards what follows
	deadline time.Time  // with a monotonic reading
	err      error      // why it is lost
	epoch    string     // empty until the history is read
	belief   belief
	released bool
}

// newTerm makes a term that a statement sent at that time has won. It lasts until Lose.
func newTerm(c *Candidate, taken dbsqlc.TakeLeaseRow, sent time.Time) *Term {
	ended, stop := context.WithCancel(context.Background())
	c.readClock(sent, taken.Clock)
	return &Term{
		Number: taken.Term, Holder: c.holder, Length: c.length, candidate: c, ended: ended, stop: stop, deadline: sent.Add(c.length),
		belief: belief{epoch: taken.Epoch, attempted: math.MaxInt64}, // until the tables are read
	}
}

// Done ends when the lease is lost.
func (t *Term) Done() context.Context { return t.ended }

// Err is why the lease is lost, wrapping ErrNotWriter; nil while it is not known to be.
func (t *Term) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Epoch names the history that the term's revisions belong to. It is empty before Restored, and changes only by Mint.
func (t *Term) Epoch() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.epoch
}

// Held reports whether nobody else can hold the lease at this moment.
func (t *Term) Held() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err == nil && time.Now().Before(t.deadline)
}

// Until is when the lease ends unless it is renewed.
func (t *Term) Until() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.deadline
}

// During bounds a context to the time for which the lease is held.
func (t *Term) During(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	unbind := context.AfterFunc(t.ended, func() { cancel(ErrNotWriter) })
	return ctx, func() { unbind(); cancel(nil) }
}

// believed is a copy of what the writer believes at this moment.
func (t *Term) believed() belief {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.belief
	b.running = maps.Clone(b.running)
	return b
}

// believe changes what the writer believes.
func (t *Term) believe(change func(*belief)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.belief)
}

// Renewed moves the deadline after a statement sent at that time has set lease_until.
func (t *Term) Renewed(sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until := sent.Add(t.Length); until.After(t.deadline) {
		t.deadline = until
	}
}

// Lose ends the lease for this process. The first reason stays. It returns the error of everything to come.
func (t *Term) Lose(reason error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = fmt.Errorf("term %d: %w: %w", t.Number, ErrNotWriter, reason)
		t.stop()
	}
	return t.err
}

// Check returns why the lease is lost, and loses it when it has run out.
func (t *Term) Check() error {
	t.mu.Lock()
	err, over := t.err, time.Since(t.deadline)
	t.mu.Unlock()
	if err == nil && over >= 0 {
		return t.Lose(fmt.Errorf("it ran out %v ago", over.Round(time.Millisecond)))
	}
	return err
}

// OrLost returns why the lease is lost if it is, and err otherwise: losing it cancels what is under way, whose error adds
// nothing.
func (t *Term) OrLost(err error) error {
	if lost := t.Check(); lost != nil {
		return lost
	}
	return err
}
