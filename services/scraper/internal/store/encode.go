package store

import (
	"fmt"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
)

// encode gives every write of a plan its revision, in the order events, contents, confirmations, and makes their
// entries. Each transaction takes one contiguous block.
func (w *Writer) encode(p *plan) error {
	p.to = p.from
	next := func() int64 { p.to++; return p.to }
	p.entries = make([]*feedlog.Entry, 0, len(p.events)+len(p.contents)+len(p.confirmed))
	put := func(e *feedlog.Entry, err error) error {
		p.entries = append(p.entries, e)
		return err
	}
	for i := range p.events {
		e := &p.events[i]
		e.revision = next()
		if err := put(feedlog.NewEvent(e.revision, eventMessage(e.Event))); err != nil {
			return fmt.Errorf("encoding event %s: %w", e.SrID, err)
		}
	}
	first := len(p.entries)
	p.entries = p.entries[:first+len(p.contents)]
	for i := range p.contents {
		p.contents[i].state.Revision = next()
	}
	errs := make([]error, len(p.contents))
	inParallel(len(p.contents), func(i int) {
		c := &p.contents[i]
		p.entries[first+i], errs[i] = contentEntry(c.key, c.state, c.framed)
	})
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("encoding snapshot %s/%s: %w", p.contents[i].bookmaker, p.contents[i].id, err)
		}
	}
	for i := range p.confirmed {
		c := &p.confirmed[i]
		c.revision = next()
		if err := put(feedlog.NewConfirmation(c.revision, confirmationMessage(c.key, c.state.LastConfirmedAt))); err != nil {
			return fmt.Errorf("encoding confirmation %s/%s: %w", c.bookmaker, c.id, err)
		}
	}
	p.compressing.Go(func() { // beside the copying of history; who writes the plan waits for it
		inParallel(len(p.contents), func(i int) { p.contents[i].compressed = w.zstd.Compress(p.contents[i].framed) })
	})
	return nil
}

// contentEntry is the entry of a snapshot's content, which the state refers to from now on. Content was last seen when
// it was captured; what was seen later is the confirmation's to say.
func contentEntry(k key, state *CommittedSnapshot, framed []byte) (*feedlog.Entry, error) {
	h := snapshot.Header{SnapshotID: state.Revision, Bookmaker: string(k.bookmaker), EventID: k.id, CapturedAt: state.CapturedAt}
	body := make([]byte, 0, len(framed)+len(k.id)+64)
	e, err := feedlog.NewSnapshot(state.Revision, snapshot.Append(body, h, framed, state.CapturedAt))
	if err != nil {
		return nil, err
	}
	to := len(e.Body) - snapshot.SuffixLen
	state.framed = e.Body[to-len(framed) : to : to]
	return e, nil
}
