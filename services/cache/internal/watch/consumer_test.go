package watch_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/store"
	"github.com/oddscache/oddscache/services/cache/internal/watch"
)

// message is what a consumer was sent.
type message struct {
	epoch    string
	revision int64 // the resume point
	visible  int64 // of the view
	updated  *oddscachev1.EventSnapshots
	removed  *watch.Removal
}

// stepping hands every message over when the test takes it, and until then holds up its watch.
type stepping struct {
	ctx  context.Context //nolint:containedctx // ends the watch that waits in a call
	part frame.Filter
	out  chan message
}

func (s *stepping) Updated(m watch.Mark, e *store.Event) error {
	b := frame.NewBuilder(8)
	defer b.Release()
	b.Event(&e.Frame)
	b.Snapshots(e.Snapshots, s.part)
	sent := &oddscachev1.EventSnapshots{}
	if err := proto.Unmarshal(b.Message().Bytes(), sent); err != nil {
		return err
	}
	return s.hand(m, message{updated: sent})
}

func (s *stepping) Removed(m watch.Mark, r watch.Removal) error {
	return s.hand(m, message{removed: &r})
}
func (s *stepping) Synced(m watch.Mark) error { return s.hand(m, message{}) }

func (s *stepping) hand(m watch.Mark, sent message) error {
	sent.epoch, sent.revision, sent.visible = m.View.Epoch(), m.Revision, m.View.Revision()
	select {
	case s.out <- sent:
		return nil
	case <-s.ctx.Done():
		return errors.New("the test left")
	}
}

// filter is a watch's filter in the words of the test.
type filter struct {
	watch     watch.Filter
	marketIDs []string
}

// of is what a consumer with the filter has to have of an event; nil for nothing.
func (f *filter) of(a *oddscachev1.EventSnapshots) *oddscachev1.EventSnapshots {
	if a == nil {
		return nil
	}
	e, w := a.GetEvent(), &f.watch
	at := e.GetKickoff().AsTime()
	if _, named := w.SrIDs[e.GetSrId()]; w.SrIDs != nil && !named || w.Country != "" && e.GetCountry() != w.Country ||
		w.Tournament != "" && e.GetTournament() != w.Tournament || !w.From.IsZero() && at.Before(w.From) || !w.To.IsZero() && !at.Before(w.To) {
		return nil
	}
	return feedtest.Filtered(a, w.Bookmakers, f.marketIDs)
}

// had is what a consumer has of an event, and the revision that its message showed.
type had struct {
	state *oddscachev1.EventSnapshots // nil when it was taken back
	at    int64
}

// consumer keeps what it was sent, as the protocol says, and holds it against what was true.
type consumer struct {
	filter  filter
	history map[int64]map[string]*oddscachev1.EventSnapshots // what was true, by revision

	events map[string]had
	last   message // the newest, where to resume
	synced int64   // the newest revision of a synced
	inSync bool    // the newest message was a synced

	// Of the present stream.
	sent  map[string]bool // event and revision that were sent
	begun bool            // a message has come

	counts map[string]int
}

// take applies a message.
func (c *consumer) take(m message) error {
	if c.begun && m.revision < c.last.revision || m.revision > m.visible || m.revision < c.synced && m.revision != 0 {
		return fmt.Errorf("message at revision %d after %d, synced %d, visible %d", m.revision, c.last.revision, c.synced, m.visible)
	}
	c.last, c.begun, c.inSync = m, true, false
	switch {
	case m.updated != nil:
		return c.update(m)
	case m.removed != nil:
		return c.remove(m)
	default:
		c.counts["synced"]++
		first := c.synced == 0
		c.synced, c.inSync = m.revision, true
		return c.check(m, first)
	}
}

func (c *consumer) update(m message) error {
	c.counts["updated"]++
	id := m.updated.GetEvent().GetSrId()
	if key := fmt.Sprint(id, " at ", m.visible); c.sent[key] {
		return fmt.Errorf("event %s was sent twice", key)
	} else { //nolint:revive // key belongs to both
		c.sent[key] = true
	}
	if diff := c.diff(c.filter.of(c.history[m.visible][id]), m.updated, true); diff != "" {
		return fmt.Errorf("sent event %s at %d (-true +sent):\n%s", id, m.visible, diff)
	}
	c.events[id] = had{m.updated, m.visible}
	return nil
}

func (c *consumer) remove(m message) error {
	id, of := m.removed.SrID, m.removed.Bookmaker
	c.counts[fmt.Sprint("removed ", m.removed.Reason)]++
	if (of != "") != (m.removed.Reason == watch.Unlisted) {
		return fmt.Errorf("removal %+v", m.removed)
	}
	have := c.events[id]
	if of == "" {
		if have.state != nil {
			c.counts[fmt.Sprint("taken back ", m.removed.Reason)]++
		}
		c.events[id] = had{nil, m.visible}
		return nil
	}
	for _, snapshot := range have.state.GetSnapshots() { // what is sent of the event comes first, and is whole
		if snapshot.GetBookmaker() == of && m.visible == have.at {
			return fmt.Errorf("removal of a snapshot that was sent at the same revision: %+v", m.removed)
		}
	}
	if have.state == nil {
		return fmt.Errorf("removal from an event that was not sent: %+v", m.removed)
	}
	return nil
}

// check holds everything against what was true: each event at the revision, or at the newer one that it was sent at.
// Before its first synced nothing is sent of an event that has gone in between.
func (c *consumer) check(m message, first bool) error {
	for _, id := range feedtest.AllSrIDs() {
		have := c.events[id]
		at := max(have.at, m.revision)
		if at > m.revision {
			c.counts["ahead"]++
		}
		if first && have.state == nil && c.filter.of(c.history[m.visible][id]) == nil {
			continue
		}
		if diff := c.diff(c.filter.of(c.history[at][id]), have.state, c.filter.watch.Confirmations); diff != "" {
			return fmt.Errorf("synced at %d, event %s sent at %d (-true +sent):\n%s", m.revision, id, have.at, diff)
		}
	}
	return nil
}

// diff compares states, with or without when they were last confirmed.
func (c *consumer) diff(want, got *oddscachev1.EventSnapshots, confirmed bool) string {
	options := []cmp.Option{protocmp.Transform()}
	if !confirmed {
		options = append(options, protocmp.IgnoreFields(&oddscachev1.CachedSnapshot{}, "last_confirmed_at"))
	}
	return cmp.Diff(want, got, options...)
}

// cut forgets what belongs to a stream.
func (c *consumer) cut() { c.sent, c.begun = make(map[string]bool), false }
