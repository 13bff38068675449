package store

import "time"

// View is an index as one reader sees it from one instant on: events may be newer than the view's revision, never
// older. It is a small value; take one for each response.
type View struct {
	// Freshness is how current the store was just before the view was taken; not known of an index by itself.
	Freshness Freshness

	index *Index // nil when nothing is served
	seen  *published
}

// View takes the index as it is visible now.
func (x *Index) View() View { return View{index: x, seen: x.published.Load()} }

// Epoch names the history of the revision.
func (v View) Epoch() string {
	if v.index == nil {
		return ""
	}
	return v.index.epoch
}

// Revision is included in everything read through the view.
func (v View) Revision() int64 {
	if v.seen == nil {
		return 0
	}
	return v.seen.revision
}

// LastCycle is the last cycle whose end was applied; empty before the first.
func (v View) LastCycle() (id string, finishedAt time.Time) {
	if v.seen == nil {
		return "", time.Time{}
	}
	return v.seen.cycleID, v.seen.cycleFinished
}

// CachedEncoding returns encode(v), which is made once for all views of one publication. So everybody has to pass the same
// function, which must not look at the view's Freshness, and nobody may change the bytes.
func (v View) CachedEncoding(encode func(View) []byte) []byte {
	if v.seen == nil {
		return encode(v)
	}
	if encoded := v.seen.encoded.Load(); encoded != nil {
		return *encoded
	}
	encoded := encode(v)
	v.seen.encoded.Store(&encoded)
	return encoded
}

// Stats counts what the index held at the view's revision.
func (v View) Stats() Stats {
	if v.seen == nil {
		return Stats{}
	}
	s := v.seen.stats
	s.Bytes += v.seen.tables.Load()
	return s
}

// BySrID is the event with a SportRadar id; nil if there is none.
//
// It looks at the newest publication of the index, not at the view's: an event may be newer than the view, and never is older,
// since a publication is complete, in the change or in the tables, before the view's revision could be read.
func (v View) BySrID(srID string) *Event {
	if c := v.index.published.Load().change.Load(); c != nil {
		if e, changed := c.events[srID]; changed {
			return e
		}
	}
	return v.index.srIDs.get(srID)
}

// ByKey is the event that a bookmaker's id belongs to; nil if there is none. Like BySrID it may find a newer state than the
// view's.
func (v View) ByKey(k Key) *Event {
	if c := v.index.published.Load().change.Load(); c != nil {
		return v.index.changed(c, k)
	}
	return v.index.settled(k)
}

// changed is the event of an id while a change is brought into the tables. An id of the change is found there; one that is
// not may still lead to an event of which the change has a newer state.
func (x *Index) changed(c *change, k Key) *Event {
	if e, moved := c.owners[k]; moved {
		return e
	}
	e := x.settled(k)
	if e == nil {
		return nil
	}
	if newer, changed := c.events[e.SrID]; changed {
		return newer
	}
	return e
}

// settled is the event of an id as the tables have it.
func (x *Index) settled(k Key) *Event {
	t := x.ids(k.Bookmaker)
	if t == nil {
		return nil
	}
	return t.get(k.ID)
}

// Ascend calls do for the events from a position of the list on, in the order (kickoff, sr_id), until do returns
// false. What it yields is exactly the view's revision.
func (v View) Ascend(from Position, do func(*Event) bool) {
	v.seen.tree.Ascend(&Event{Identity: &Identity{Kickoff: from.Kickoff, SrID: from.SrID}}, do)
}

// Position is a place in the list, whether or not an event stands there.
type Position struct {
	Kickoff time.Time
	SrID    string
}

// Position is where the event stands in the list.
func (e *Event) Position() Position { return Position{Kickoff: e.Kickoff, SrID: e.SrID} }
