package store

import (
	"sync"
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
)

// plan is everything that one batch will write, worked out in memory: rows, entries and what becomes committed. A
// plan changes nothing; it is made again when its transaction did not happen.
type plan struct {
	from, to    int64 // the block of revisions, (from, to]
	now         time.Time
	sure        bool // the clocks bear out that it is now
	events      []eventWrite
	gone        []key // competitors' ids that their events do not list any more
	added       []link
	tournaments map[tournament]int32 // all of them, once the new ones are written
	contents    []contentWrite
	confirmed   []confirmWrite
	entries     []*feedlog.Entry
	result      BatchResult

	compressing sync.WaitGroup // until compressed is set in all contents
}

type eventWrite struct {
	*odds.Event
	revision int64
}

type contentWrite struct {
	key
	state      *CommittedSnapshot
	srID       string
	changed    []encode.Change
	framed     []byte
	compressed []byte
}

type confirmWrite struct {
	key
	state    *CommittedSnapshot
	revision int64
}

// plan compares a batch with what is committed.
func (w *Writer) plan(batch *Batch) (*plan, error) {
	p := &plan{from: w.head, result: newBatchResult()}
	p.now, p.sure = w.store.cfg.Clock.NowSure()
	timer := stopwatch(time.Now())
	links := newRelinking(w.state)
	for i := range batch.Events {
		e := &batch.Events[i]
		reason := w.checkEvent(e)
		if reason == "" && len(keysOf(e)) == 0 && links.event(e.SrID) == nil {
			reason = odds.NoEventID
		}
		if reason != "" {
			p.result.reject(firstBookmaker(e), reason)
			continue
		}
		links.put(*e)
	}
	for _, e := range links.changed() {
		p.events = append(p.events, eventWrite{Event: e})
	}
	p.gone, p.added = links.links()
	p.result.EventsChanged = len(p.events)
	all := captures(batch, p.now, &p.result)
	found := make([]finding, len(all))
	for i := range all {
		found[i] = w.find(p, links, &all[i])
	}
	timer.lap(&p.result.LookupsMS)

	inParallel(len(all), func(i int) { found[i].compare(&all[i]) })
	for i := range all {
		if reason := w.planCapture(p, &all[i], &found[i], batch.CycleID); reason != "" {
			p.result.rejectCapture(&all[i], reason)
		}
	}
	err := w.encode(p)
	timer.lap(&p.result.ProcessingMS)
	return p, err
}

// finding is what a capture turns out to be.
type finding struct {
	before *CommittedSnapshot // nil when nothing is committed
	skip   bool               // an absence that says nothing
	ahead  bool               // what is committed says that it was captured or confirmed in the future
	sure   bool               // and the clocks bear that out, so it is corrected: as new content, so that no revision grows older
	err    error
	encode.Comparison
}

// find looks up what a capture is compared with, and rejects it if it is not to be compared at all.
func (w *Writer) find(p *plan, links *relinking, c *capture) finding {
	f := finding{before: w.state.snapshots[c.key]}
	if f.before != nil {
		f.ahead = future(f.before.LastConfirmedAt, p.now) // which is never before CapturedAt
		f.sure = f.ahead && p.sure
		if !f.ahead && c.CapturedAt.Before(f.before.CapturedAt) { // a small step, or an answer that took longer
			c.CapturedAt = f.before.CapturedAt
		}
	}
	if c.absence && !w.absent(links, c, f.before) {
		f.skip = true
		return f
	}
	f.Reason = w.admit(links, c, f.before, p.now)
	return f
}

// compare lays the capture over what is committed. It touches nothing but the finding and the capture: captures are
// compared at the same time.
func (f *finding) compare(c *capture) {
	if f.skip || f.Reason != "" {
		return
	}
	var committed []byte
	if f.before != nil {
		committed = f.before.framed
	}
	if f.ahead {
		if committed, f.err = encode.NotAfter(committed, c.CapturedAt); f.err != nil {
			return
		}
	}
	f.Comparison, f.err = encode.Compare(committed, &c.Capture)
}

// planCapture adds a capture to the plan, or says why it is rejected.
func (w *Writer) planCapture(p *plan, c *capture, f *finding, cycleID string) odds.Reason {
	for reason, n := range f.Rejected {
		p.result.rejectParts(c.bookmaker, reason, n)
	}
	for _, defect := range f.Defects {
		w.store.log.Error("refused to store a market that no decoder may make", "bookmaker", c.bookmaker, "event_id", c.id, "market", defect)
	}
	switch {
	case f.skip, f.Reason != "":
		return f.Reason
	case f.Same:
		delete(w.collapses, c.key)
	case !c.absence && f.before != nil && w.collapsed(c, cycleID, len(c.Markets)+f.Content.Unread, f.before.Available):
		return odds.YieldCollapsed
	case f.err != nil:
		// Nothing that was checked comes here; if something does, it goes alone.
		w.store.log.Error("snapshot cannot be compared", "bookmaker", c.bookmaker, "event_id", c.id, "error", f.err)
		return odds.InternalCheck
	}
	return p.add(c, f)
}

// add makes a capture's outcome a write.
func (p *plan) add(c *capture, f *finding) odds.Reason {
	before, next := f.before, &f.Content
	state := &CommittedSnapshot{RequestedAt: c.requestedAt, Request: c.request, Markets: next.Markets, Available: next.Available}
	switch {
	case len(next.Framed) > encode.MaxContent:
		return odds.TooLarge
	case before != nil && len(next.Changed) == 0 && !f.sure:
		state.Revision, state.CapturedAt, state.framed = before.Revision, before.CapturedAt, before.framed
		state.LastConfirmedAt = before.LastConfirmedAt
		if c.CapturedAt.After(state.LastConfirmedAt) {
			state.LastConfirmedAt = c.CapturedAt
		}
		p.confirmed = append(p.confirmed, confirmWrite{key: c.key, state: state})
		if !c.absence {
			p.result.Confirmed[c.bookmaker]++
		}
	default:
		state.CapturedAt, state.LastConfirmedAt = c.CapturedAt, c.CapturedAt
		p.contents = append(p.contents, contentWrite{key: c.key, state: state, srID: c.srID, changed: next.Changed, framed: next.Framed})
		if c.absence {
			p.result.Withdrawn[c.bookmaker]++
		} else {
			p.result.Changed[c.bookmaker]++
		}
		p.result.MarketsChanged += len(next.Changed)
	}
	return ""
}

// absent reports whether an absence says something: of a known snapshot of an event that has not kicked off.
func (w *Writer) absent(links *relinking, c *capture, before *CommittedSnapshot) bool {
	e := links.event(links.owner(c.key))
	if before == nil || e == nil || !e.Kickoff.After(c.CapturedAt) {
		return false
	}
	c.srID = e.SrID
	return true
}

// admit says why a capture is rejected whatever its markets are; empty when it is not.
func (w *Writer) admit(links *relinking, c *capture, before *CommittedSnapshot, now time.Time) odds.Reason {
	if reason := w.checkCapture(c.key, c.requestedAt, c.CapturedAt, now); reason != "" {
		return reason
	}
	if before != nil && c.request < before.Request {
		return odds.StaleCapture
	}
	switch owner := links.owner(c.key); {
	case owner == "":
		return odds.Unlisted
	case owner != c.srID:
		return odds.WrongEvent
	case !c.absence && len(c.Markets) == 0 && !links.event(owner).Kickoff.After(c.CapturedAt):
		return odds.NoMarkets // since it has kicked off, not since nothing is offered
	}
	return ""
}

// firstBookmaker is whom a rejected event is counted for.
func firstBookmaker(e *odds.Event) odds.Bookmaker {
	if e.BetPawaEventID == "" && len(e.Competitors) > 0 {
		return e.Competitors[0].Bookmaker
	}
	return odds.BetPawa
}

// stopwatch adds up where time goes.
type stopwatch time.Time

// lap adds the milliseconds since the last lap.
func (s *stopwatch) lap(sum *float64) {
	now := time.Now()
	*sum += float64(now.Sub(time.Time(*s))) / float64(time.Millisecond)
	*s = stopwatch(now)
}
