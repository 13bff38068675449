package feedmodel

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// lease is how long a writer that is silent keeps the right to write.
const lease = 2 * time.Second

// errFenced says that a commit came from a term that is over.
var errFenced = errors.New("term is over")

// tables is what the database holds at one instant: rows with revisions, of which the log can be made anew.
type tables struct {
	epoch    string
	revision int64
	floor    int64
	cutoff   time.Time
	events   map[string]eventRow
	snaps    map[ID]snapRow
	cycles   []cycleRow // ascending
}

type eventRow struct {
	revision int64
	event    *oddscachev1.Event
}

type snapRow struct {
	revision  int64
	content   *oddscachev1.CachedSnapshot
	confirmed int64 // revision; 0 for none since the content
	at        time.Time
}

type cycleRow struct {
	revision int64
	end      *oddscachev1.CycleEnd
}

func (t *tables) clone() *tables {
	c := *t
	c.events, c.snaps, c.cycles = maps.Clone(t.events), maps.Clone(t.snaps), slices.Clone(t.cycles)
	return &c
}

// database is tables, the lease, and what was ever committed.
type database struct {
	mu      sync.Mutex // the feed's goroutines ask it through Diverged
	tables  *tables
	term    int64
	journal []*feedlog.Entry // every committed entry of the present history, ascending
}

func newDatabase() *database {
	return &database{tables: &tables{epoch: "history-1", events: map[string]eventRow{}, snaps: map[ID]snapRow{}}}
}

// read is what is committed.
func (d *database) read() (t *tables, term int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tables, d.term
}

// take gives the lease to a new term.
func (d *database) take() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.term++
	return d.term
}

// commit puts next in place of what it was planned from, if the term lasts.
func (d *database) commit(term, expected int64, next *tables, entries []*feedlog.Entry) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if term != d.term || expected != d.tables.revision {
		return fmt.Errorf("term %d at %d, the table has %d at %d: %w", term, expected, d.term, d.tables.revision, errFenced)
	}
	d.tables = next
	d.journal = append(d.journal, entries...)
	return nil
}

// mint gives the history a new name.
func (d *database) mint(term int64, epoch string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if term != d.term {
		return errFenced
	}
	d.tables = d.tables.clone()
	d.tables.epoch = epoch
	return nil
}

// restore puts an older copy back. What was committed after it never was.
func (d *database) restore(t *tables, epoch string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tables = t.clone()
	d.tables.epoch = cmp.Or(epoch, d.tables.epoch)
	d.journal = slices.DeleteFunc(d.journal, func(e *feedlog.Entry) bool { return e.Revision > t.revision })
}

// log makes the log of the rows alone.
func (t *tables) log() (*feedlog.Log, error) {
	var entries []*feedlog.Entry
	var errs []error
	add := func(e *feedlog.Entry, err error) {
		entries = append(entries, e)
		errs = append(errs, err)
	}
	for _, r := range t.events {
		add(feedlog.NewEvent(r.revision, r.event))
	}
	for id, r := range t.snaps {
		add(contentEntry(r.revision, r.content))
		if r.confirmed > 0 {
			add(confirmationEntry(r.confirmed, id, r.at))
		}
	}
	for _, r := range t.cycles {
		if r.revision > t.floor {
			add(feedlog.NewCycleEnd(r.revision, r.end))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return feedlog.Restore(nil, entries, t.revision, t.floor)
}

func contentEntry(revision int64, s *oddscachev1.CachedSnapshot) (*feedlog.Entry, error) {
	var markets []byte
	for _, m := range s.GetMarkets() {
		var err error
		if markets, err = snapshot.AppendMarket(markets, m); err != nil {
			return nil, err
		}
	}
	h := snapshot.Header{SnapshotID: revision, Bookmaker: s.GetBookmaker(), EventID: s.GetBookmakerEventId(), CapturedAt: s.GetCapturedAt().AsTime()}
	return feedlog.NewSnapshot(revision, snapshot.Append(nil, h, markets, s.GetCapturedAt().AsTime()))
}

func confirmationEntry(revision int64, id ID, at time.Time) (*feedlog.Entry, error) {
	return feedlog.NewConfirmation(revision, &oddscachev1.Confirmation{
		Snapshot:        &oddscachev1.SnapshotKey{Bookmaker: id.Bookmaker, BookmakerEventId: id.ID},
		LastConfirmedAt: timestamppb.New(at),
	})
}
