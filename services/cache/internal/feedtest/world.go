// Package feedtest makes feeds for tests: a world of events and snapshots that is written by the source's rules, the
// log that comes of it, and, computed from plain maps alone, what lookups of it must find.
//
// It is not for programs. It knows nothing of stores and replicas, so it can be held against them.
package feedtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Betpawa is the reference bookmaker.
const Betpawa = "betpawa"

// ID is an event's id at a bookmaker, and the key of a snapshot.
type ID struct{ Bookmaker, ID string }

// World is a source. Its methods write one transaction each, or add to the one that Tx runs.
type World struct {
	Epoch string
	Log   *feedlog.Log
	// Now is the world's clock; cycle ends, captures and confirmations carry it.
	Now time.Time

	events map[string]*oddscachev1.Event
	snaps  map[ID]*oddscachev1.CachedSnapshot
	cycles int
	last   *oddscachev1.CycleEnd

	inTx  bool
	block []*feedlog.Entry
}

// NewWorld makes an empty world.
func NewWorld(epoch string) *World {
	return &World{
		Epoch: epoch, Log: feedlog.New(nil), Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		events: make(map[string]*oddscachev1.Event), snaps: make(map[ID]*oddscachev1.CachedSnapshot),
	}
}

// Tx runs writes as one transaction: they take one block of revisions.
func (w *World) Tx(writes func()) {
	w.inTx = true
	writes()
	w.inTx = false
	w.commit()
}

// Kick moves the world's clock.
func (w *World) Kick(d time.Duration) { w.Now = w.Now.Add(d) }

// PutEvent writes an event. Ids that other events list are taken from those first, in the same transaction.
func (w *World) PutEvent(e *oddscachev1.Event) {
	ids := IDs(e)
	for _, srID := range slices.Sorted(maps.Keys(w.events)) {
		old := w.events[srID]
		if srID == e.GetSrId() || !slices.ContainsFunc(IDs(old), func(id ID) bool { return slices.Contains(ids, id) }) {
			continue
		}
		rewritten := proto.CloneOf(old)
		if slices.Contains(ids, ID{Betpawa, old.GetBetpawaEventId()}) {
			rewritten.BetpawaEventId = ""
		}
		rewritten.CompetitorEvents = slices.DeleteFunc(rewritten.CompetitorEvents, func(c *oddscachev1.CompetitorEvent) bool {
			return slices.Contains(ids, ID{c.GetBookmaker(), c.GetCompetitorEventId()})
		})
		w.putEvent(rewritten)
	}
	w.putEvent(proto.CloneOf(e))
	w.commit()
}

// putEvent writes an event within a transaction.
func (w *World) putEvent(e *oddscachev1.Event) {
	w.events[e.GetSrId()] = e
	w.add(feedlog.NewEvent(w.next(), e))
}

// PutSnapshot writes content, whether or not an event lists its id.
func (w *World) PutSnapshot(id ID, markets ...*oddscachev1.CachedMarket) {
	var framed []byte
	for _, m := range markets {
		var err error
		if framed, err = snapshot.AppendMarket(framed, m); err != nil {
			panic(err)
		}
	}
	revision := w.next()
	w.snaps[id] = &oddscachev1.CachedSnapshot{
		SnapshotId: revision, Bookmaker: id.Bookmaker, BookmakerEventId: id.ID, Markets: markets,
		CapturedAt: timestamppb.New(w.Now), LastConfirmedAt: timestamppb.New(w.Now),
	}
	h := snapshot.Header{SnapshotID: revision, Bookmaker: id.Bookmaker, EventID: id.ID, CapturedAt: w.Now}
	w.add(feedlog.NewSnapshot(revision, snapshot.Append(nil, h, framed, w.Now)))
	w.commit()
}

// Confirm writes that content was seen again; nothing when there is none.
func (w *World) Confirm(id ID) {
	s := w.snaps[id]
	if s == nil {
		return
	}
	s = proto.CloneOf(s)
	s.LastConfirmedAt = timestamppb.New(w.Now)
	w.snaps[id] = s
	w.add(feedlog.NewConfirmation(w.next(), &oddscachev1.Confirmation{
		Snapshot:        &oddscachev1.SnapshotKey{Bookmaker: id.Bookmaker, BookmakerEventId: id.ID},
		LastConfirmedAt: timestamppb.New(w.Now),
	}))
	w.commit()
}

// EndCycle ends a cycle and evicts events with kickoff before cutoff, their snapshots, and snapshots that no event
// lists. A zero cutoff is a failed cycle, which evicts nothing. It returns the number of evicted events.
func (w *World) EndCycle(cutoff time.Time) int {
	w.cycles++
	end := &oddscachev1.CycleEnd{
		CycleId: fmt.Sprintf("cycle-%d", w.cycles), Status: oddscachev1.CycleStatus_CYCLE_STATUS_FAILED, FinishedAt: timestamppb.New(w.Now),
	}
	evicted := 0
	if !cutoff.IsZero() {
		end.Status = oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED
		end.EvictKickoffBefore = timestamppb.New(cutoff)
		evicted = w.evict(end, cutoff)
	}
	w.last = end
	w.add(feedlog.NewCycleEnd(w.next(), end))
	w.commit()
	return evicted
}

// evict removes what goes with a cycle end, and lists it there.
func (w *World) evict(end *oddscachev1.CycleEnd, cutoff time.Time) (events int) {
	for _, srID := range slices.Sorted(maps.Keys(w.events)) {
		if w.events[srID].GetKickoff().AsTime().Before(cutoff) {
			delete(w.events, srID)
			end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_SrId{SrId: srID}})
			events++
		}
	}
	listed := w.Owners()
	for _, id := range slices.SortedFunc(maps.Keys(w.snaps), compareIDs) {
		if _, is := listed[id]; is {
			continue
		}
		delete(w.snaps, id)
		end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_Snapshot{
			Snapshot: &oddscachev1.SnapshotKey{Bookmaker: id.Bookmaker, BookmakerEventId: id.ID},
		}})
	}
	return events
}

// next is the revision of the next entry.
func (w *World) next() int64 { return w.Log.View().Head + int64(len(w.block)) + 1 }

// add adds an entry to the block of the transaction. What cannot be encoded is a mistake of the test.
func (w *World) add(e *feedlog.Entry, err error) {
	if err != nil {
		panic(err)
	}
	w.block = append(w.block, e)
}

// commit publishes the block unless a transaction goes on.
func (w *World) commit() {
	if w.inTx || len(w.block) == 0 {
		return
	}
	from := w.Log.View().Head
	if err := w.Log.Append(from, from+int64(len(w.block)), w.block); err != nil {
		panic(err)
	}
	w.block = nil
}

// compareIDs orders ids by bookmaker.
func compareIDs(a, b ID) int {
	return cmp.Or(cmp.Compare(a.Bookmaker, b.Bookmaker), cmp.Compare(a.ID, b.ID))
}
