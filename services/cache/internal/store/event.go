package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unique"

	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// Betpawa is the reference bookmaker; its snapshots stand first.
const Betpawa = "betpawa"

// Key is an event's id at one bookmaker, and the key of its snapshot there. Ids of different bookmakers have nothing to do
// with each other.
type Key struct {
	Bookmaker string
	ID        string
}

// Identity is what an event's own entry says. It is immutable, and shared by all states of the event between two such
// entries: new prices make a new Event, and no new Identity.
type Identity struct {
	SrID       string
	BetpawaID  string // empty while only competitors list the event
	Country    string
	Tournament string
	Kickoff    time.Time
	// Revision is the entry's.
	Revision int64
	// Before is what the event was until then; nil when it is not known for certain.
	Before *Past
	// Frame is the encoded Event, ready to be part of a response.
	Frame frame.Event

	listed []Key // BetPawa's and the competitors' ids, in the order of snapshots
}

// Event is one event with all its snapshots at one revision. It is immutable: a change of any of it makes another Event,
// so that whoever holds one reads all its bookmakers as they were together.
type Event struct {
	*Identity
	// Snapshots are BetPawa's first, then by bookmaker; only those whose id belongs to this event.
	Snapshots []frame.Snapshot
	// Lost are the bookmakers of which the event once had a snapshot, and has none.
	Lost []Loss

	// The writer's own.
	owned []Key // listed ids that belong to this event
	node  *node
}

// fewSnapshots is how many snapshots events have today.
const fewSnapshots = 3

// newEvent makes an event with room for some snapshots. Few of them are in one piece of memory with the event, so that a
// lookup waits for one place in memory less.
func newEvent(snapshots int) *Event {
	if snapshots > fewSnapshots {
		return &Event{Snapshots: make([]frame.Snapshot, snapshots)}
	}
	e := &struct {
		Event
		room [fewSnapshots]frame.Snapshot
	}{}
	e.Snapshots = e.room[:snapshots]
	return &e.Event
}

// HasSnapshots reports whether the event has a snapshot of every one of the bookmakers.
func (e *Event) HasSnapshots(bookmakers []string) bool {
	for _, b := range bookmakers {
		if !e.has(b) {
			return false
		}
	}
	return true
}

// has reports whether the event has a snapshot of a bookmaker.
func (e *Event) has(bookmaker string) bool {
	return slices.ContainsFunc(e.Snapshots, func(s frame.Snapshot) bool { return s.Bookmaker == bookmaker })
}

// ids are the listed ids that belong to the event; nil for no event.
func (e *Event) ids() []Key {
	if e == nil {
		return nil
	}
	return e.owned
}

// before is the order of lists: (kickoff, sr_id). It is total, since no two events have one SportRadar id.
func (e *Event) before(o *Event) bool {
	if c := e.Kickoff.Compare(o.Kickoff); c != 0 {
		return c < 0
	}
	return e.SrID < o.SrID
}

// readIdentity decodes an Event that was written at a revision; body is kept. An id that is listed twice counts once, and
// one without a bookmaker or without an id is left out.
func readIdentity(body []byte, revision int64) (*Identity, error) {
	var m oddscachev1.Event
	if err := proto.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("decoding event of %d bytes: %w", len(body), err)
	}
	id := &Identity{
		SrID: m.GetSrId(), BetpawaID: m.GetBetpawaEventId(),
		Country: intern(m.GetCountry()), Tournament: intern(m.GetTournament()),
		Kickoff: m.GetKickoff().AsTime(), Revision: revision, Frame: frame.NewEvent(body),
	}
	if id.BetpawaID != "" {
		id.listed = append(id.listed, Key{Betpawa, id.BetpawaID})
	}
	for _, c := range m.GetCompetitorEvents() {
		k := Key{intern(c.GetBookmaker()), c.GetCompetitorEventId()}
		if k.Bookmaker != "" && k.ID != "" && !slices.Contains(id.listed, k) {
			id.listed = append(id.listed, k)
		}
	}
	slices.SortStableFunc(id.listed, compareKeys)
	return id, nil
}

// compareKeys orders BetPawa's first, then by bookmaker.
func compareKeys(a, b Key) int {
	switch {
	case a.Bookmaker == b.Bookmaker:
		return strings.Compare(a.ID, b.ID)
	case a.Bookmaker == Betpawa:
		return -1
	case b.Bookmaker == Betpawa:
		return 1
	default:
		return strings.Compare(a.Bookmaker, b.Bookmaker)
	}
}

// intern shares the memory of strings that many events have in common.
func intern(s string) string { return unique.Make(s).Value() }
