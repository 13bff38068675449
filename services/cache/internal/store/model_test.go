package store_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/feedtest"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// side is what a replica must see after the entries that it has, caught up or not: plain maps and the owner rule.
type side struct {
	events map[string]*oddscachev1.Event
	snaps  map[feedtest.ID]*oddscachev1.CachedSnapshot
	rev    map[feedlog.Key]int64
	owner  map[feedtest.ID]string
}

func newSide() *side {
	return &side{
		events: map[string]*oddscachev1.Event{}, snaps: map[feedtest.ID]*oddscachev1.CachedSnapshot{},
		rev: map[feedlog.Key]int64{}, owner: map[feedtest.ID]string{},
	}
}

func (s *side) apply(t fatal, entries []*feedlog.Entry) {
	for _, e := range entries {
		id := feedtest.ID{Bookmaker: e.Key.Bookmaker, ID: e.Key.ID}
		s.rev[e.Key] = e.Revision
		switch e.Key.Kind {
		case feedlog.KindEvent:
			m := &oddscachev1.Event{}
			unmarshal(t, e.Body, m)
			s.setEvent(m)
		case feedlog.KindSnapshot:
			m := &oddscachev1.CachedSnapshot{}
			unmarshal(t, e.Body, m)
			s.snaps[id] = m
		case feedlog.KindConfirmation:
			m := &oddscachev1.Confirmation{}
			unmarshal(t, e.Body, m)
			seen := proto.CloneOf(s.snaps[id])
			seen.LastConfirmedAt = m.GetLastConfirmedAt()
			s.snaps[id] = seen
		case feedlog.KindCycleEnd:
			for _, k := range e.CycleEnd.Removed {
				if s.rev[k] < e.Revision {
					s.remove(k)
				}
			}
		}
	}
}

func (s *side) setEvent(e *oddscachev1.Event) {
	ids := feedtest.IDs(e)
	for _, id := range feedtest.IDs(s.events[e.GetSrId()]) {
		if !slices.Contains(ids, id) && s.owner[id] == e.GetSrId() {
			delete(s.owner, id)
		}
	}
	s.events[e.GetSrId()] = e
	for _, id := range ids {
		s.owner[id] = e.GetSrId()
	}
}

func (s *side) remove(k feedlog.Key) {
	if k.Kind == feedlog.KindSnapshot {
		delete(s.snaps, feedtest.ID{Bookmaker: k.Bookmaker, ID: k.ID})
		return
	}
	delete(s.events, k.ID)
	maps.DeleteFunc(s.owner, func(_ feedtest.ID, of string) bool { return of == k.ID })
}

// expected is what a lookup of an event must find.
func (s *side) expected(srID string) *oddscachev1.EventSnapshots {
	e := s.events[srID]
	if e == nil {
		return nil
	}
	a := &oddscachev1.EventSnapshots{Event: e}
	for _, bookmaker := range []string{feedtest.Betpawa, "bet9ja", "sportybet"} {
		for _, id := range feedtest.IDs(e) {
			if snap := s.snaps[id]; id.Bookmaker == bookmaker && s.owner[id] == srID && snap != nil {
				a.Snapshots = append(a.Snapshots, snap)
			}
		}
	}
	return a
}

func unmarshal(t fatal, b []byte, m proto.Message) {
	t.Helper()
	if err := proto.Unmarshal(b, m); err != nil {
		t.Fatal(err)
	}
}

// check holds every lookup against the model.
func (s *side) check(t fatal, x *store.Index) {
	t.Helper()
	v := x.View()
	for _, srID := range feedtest.AllSrIDs() {
		if diff := cmp.Diff(s.expected(srID), decode(t, v.BySrID(srID)), protocmp.Transform()); diff != "" {
			t.Fatalf("event %s (-model +store):\n%s", srID, diff)
		}
	}
	for _, id := range feedtest.AllIDs() {
		got := ""
		if e := v.ByKey(key(id)); e != nil {
			got = e.SrID
		}
		if got != s.owner[id] {
			t.Fatalf("%v belongs to %q, want %q", id, got, s.owner[id])
		}
	}
	var listed []string
	last := store.Position{}
	v.Ascend(store.Position{}, func(e *store.Event) bool {
		if at := e.Position(); at.Kickoff.Before(last.Kickoff) || at.Kickoff.Equal(last.Kickoff) && at.SrID <= last.SrID {
			t.Fatalf("list has %v after %v", at, last)
		}
		last = e.Position()
		if e != v.BySrID(e.SrID) {
			t.Fatalf("list and lookup differ about event %s", e.SrID)
		}
		listed = append(listed, e.SrID)
		return true
	})
	slices.Sort(listed)
	if want := slices.Sorted(maps.Keys(s.events)); !slices.Equal(listed, want) {
		t.Fatalf("list has %v, want %v", listed, want)
	}
	waiting := 0
	for id := range s.snaps {
		if s.owner[id] == "" {
			waiting++
		}
	}
	if got := v.Stats().Waiting; got != int64(waiting) {
		t.Fatalf("%d snapshots wait, want %d", got, waiting)
	}
}

// sameAsWorld holds a caught-up index against what the source's tables say.
func sameAsWorld(t fatal, x *store.Index, w *feedtest.World) {
	t.Helper()
	v := x.View()
	for _, srID := range feedtest.AllSrIDs() {
		if diff := cmp.Diff(w.Expected(srID), decode(t, v.BySrID(srID)), protocmp.Transform()); diff != "" {
			t.Fatalf("event %s (-source +store):\n%s", srID, diff)
		}
	}
	s, want := v.Stats(), w.Counts()
	got := feedtest.Counts{
		Events: s.Events, Betpawa: s.BetpawaEvents, Competitor: s.CompetitorEvents,
		Snapshots: s.Snapshots, Markets: s.Markets, Waiting: s.Waiting,
	}
	if got != want {
		t.Fatalf("stats are %+v, want %+v", got, want)
	}
	if a, b := x.Log(), w.Log.View(); a.Digest != b.Digest || a.Entries != b.Entries || v.Revision() != b.Head {
		t.Fatalf("log has %d entries, digest %x at %d; source %d, %x at %d", a.Entries, a.Digest, v.Revision(), b.Entries, b.Digest, b.Head)
	}
	if id, _ := v.LastCycle(); id != w.LastCycle() {
		t.Fatalf("last cycle is %q, want %q", id, w.LastCycle())
	}
}

// TestIndexIsTheModel runs random histories against an index that follows in small batches with pauses, against one
// that is built from scratch beside it and swapped in, and against plain maps.
func TestIndexIsTheModel(t *testing.T) {
	t.Parallel()
	moved, evicted, fulls := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w, s := feedtest.NewWorld("e1"), store.New()
		x, model := store.NewIndex("e1"), newSide()
		s.Serve(x)
		step := func(x *store.Index, model *side, n int) bool {
			for range n {
				v := w.Log.View()
				entries, to := v.After(x.Log().Head, 200)
				if len(entries) == 0 {
					return true
				}
				done, err := x.Apply(feedlog.Batch{From: x.Log().Head, To: to, Entries: entries})
				if err != nil {
					t.Fatal(err)
				}
				evicted += done.EvictedEvents
				model.apply(t, entries)
				model.check(t, x)
			}
			return false
		}
		var staging *store.Index
		var stagingModel *side
		for range rapid.IntRange(1, 40).Draw(t, "operations") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2:
				if step(x, model, rapid.IntRange(1, 4).Draw(t, "batches")) {
					sameAsWorld(t, x, w)
				}
			case 3:
				if staging == nil {
					staging, stagingModel = store.NewIndex("e1"), newSide()
				}
				if step(staging, stagingModel, rapid.IntRange(1, 6).Draw(t, "batches")) {
					sameAsWorld(t, staging, w)
					s.Serve(staging)
					x, model, staging = staging, stagingModel, nil
					fulls++
				}
			default:
				op := feedtest.DrawOp(t)
				before := w.Owners()
				op.Do(w)
				for id, of := range w.Owners() {
					if was := before[id]; was != "" && was != of {
						moved++
					}
				}
			}
		}
		for caughtUp := false; !caughtUp; {
			caughtUp = step(x, model, 10)
		}
		sameAsWorld(t, x, w)
		if v, err := s.View(); err != nil || v.Revision() != w.Log.View().Head {
			t.Fatalf("served is %d, %v; want %d", v.Revision(), err, w.Log.View().Head)
		}
	})
	t.Logf("%d moves, %d evictions, %d full syncs", moved, evicted, fulls)
	if moved == 0 || evicted == 0 || fulls == 0 {
		t.Error("the histories lack moves, evictions or full syncs")
	}
}
