package store_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// bulk makes indexes of many events without keeping anything of its own that would count as the index's memory.
type bulk struct {
	bookmakers []string
	markets    int // of each snapshot
	head       int64
}

var bulkKickoff = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

func (b *bulk) id(bookmaker string, event int) store.Key {
	return store.Key{Bookmaker: bookmaker, ID: fmt.Sprintf("%s-%08d", bookmaker[:2], event)}
}

func srID(event int) string { return fmt.Sprintf("6%07d", event) }

// fill adds events from..to-1 with a snapshot at each bookmaker, batch by batch.
func (b *bulk) fill(t testing.TB, x *store.Index, from, to int) (payload int64) {
	t.Helper()
	for event := from; event < to; event++ {
		payload += b.put(t, x, event)
	}
	return payload
}

// put writes one event and its snapshots as a batch.
func (b *bulk) put(t testing.TB, x *store.Index, event int) (payload int64) {
	t.Helper()
	start := b.head
	e := &oddscachev1.Event{
		SrId: srID(event), BetpawaEventId: b.id(store.Betpawa, event).ID,
		Name: fmt.Sprintf("Home %d - Away %d", event, event), HomeTeam: fmt.Sprintf("Home %d", event), AwayTeam: fmt.Sprintf("Away %d", event),
		Kickoff: timestamppb.New(bulkKickoff.Add(time.Duration(event%500) * 15 * time.Minute)),
		Sport:   "football", Country: "Kenya", Tournament: "Premier League",
	}
	for _, bookmaker := range b.bookmakers[1:] {
		e.CompetitorEvents = append(e.CompetitorEvents, &oddscachev1.CompetitorEvent{Bookmaker: bookmaker, CompetitorEventId: b.id(bookmaker, event).ID})
	}
	var batch []*feedlog.Entry
	add := func(e *feedlog.Entry, err error) {
		if err != nil {
			t.Fatal(err)
		}
		payload += int64(len(e.Body))
		// As the decoder does: an entry owns exactly its bytes.
		own, err := feedlog.Parse(append(make([]byte, 0, len(e.Frame)), e.Frame...))
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, own)
		b.head++
	}
	add(feedlog.NewEvent(b.head+1, e))
	for _, bookmaker := range b.bookmakers {
		k := b.id(bookmaker, event)
		h := snapshot.Header{SnapshotID: b.head + 1, Bookmaker: k.Bookmaker, EventID: k.ID, CapturedAt: bulkKickoff}
		add(feedlog.NewSnapshot(b.head+1, snapshot.Append(nil, h, b.content(t, event), bulkKickoff)))
	}
	b.apply(t, x, start, batch)
	return payload
}

// content is markets of about 100 bytes each; events differ in how many they have.
func (b *bulk) content(t testing.TB, event int) []byte {
	t.Helper()
	var framed []byte
	for i := range b.markets*3/4 + event%(b.markets/2+1) {
		line := float64(i)
		var err error
		framed, err = snapshot.AppendMarket(framed, &oddscachev1.CachedMarket{
			MarketId: fmt.Sprintf("%05d", 10000+i), Name: "Total goals over/under", Line: &line, MarketGroups: []string{"goals"},
			Outcomes: []*oddscachev1.Outcome{{Name: "Over", Odds: 1.85, IsActive: true}, {Name: "Under", Odds: 1.95, IsActive: true}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return framed
}

// evict removes events from..to-1 with their snapshots, by a cycle end.
func (b *bulk) evict(t testing.TB, x *store.Index, from, to int) {
	t.Helper()
	e := b.cycleEnd(t, from, to)
	b.apply(t, x, b.head-1, []*feedlog.Entry{e})
}

// cycleEnd is one that names events from..to-1 and their snapshots.
func (b *bulk) cycleEnd(t testing.TB, from, to int) *feedlog.Entry {
	t.Helper()
	end := &oddscachev1.CycleEnd{CycleId: fmt.Sprintf("cycle-%d", b.head), FinishedAt: timestamppb.New(bulkKickoff)}
	for event := from; event < to; event++ {
		end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_SrId{SrId: srID(event)}})
		for _, bookmaker := range b.bookmakers {
			k := b.id(bookmaker, event)
			end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_Snapshot{
				Snapshot: &oddscachev1.SnapshotKey{Bookmaker: k.Bookmaker, BookmakerEventId: k.ID},
			}})
		}
	}
	b.head++
	e, err := feedlog.NewCycleEnd(b.head, end)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (b *bulk) apply(t testing.TB, x *store.Index, from int64, entries []*feedlog.Entry) {
	t.Helper()
	if _, err := x.Apply(feedlog.Batch{From: from, To: b.head, Entries: entries}); err != nil {
		t.Fatal(err)
	}
}
