// Package world makes the events that the benchmark is about: as many markets, outcomes and bytes as recorded ones
// have, in a log as the scraper's feed serves it.
//
// It is not for tests of behaviour: prices and names mean nothing, and most content is shared between events.
package world

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Offer is how much a bookmaker offers for an event.
type Offer struct {
	Bookmaker         string
	Markets, Outcomes int
}

// Recorded is what three bookmakers offer for a match of a large league: 519 markets with 1,268 outcomes, about 50 kB.
func Recorded() []Offer {
	return []Offer{{"betpawa", 190, 462}, {"sportybet", 210, 520}, {"bet9ja", 119, 286}}
}

// Small is five bookmakers with about 5 kB each, for stores of very many events.
func Small() []Offer {
	var all []Offer
	for _, b := range []string{"betpawa", "sportybet", "bet9ja", "msport", "betking"} {
		all = append(all, Offer{b, 52, 127})
	}
	return all
}

// variants is how many different contents a bookmaker has; events share them, each with its own copy of the bytes.
const variants = 16

// World is a log of events. Its methods are for one goroutine.
type World struct {
	offers  []Offer
	content [][variants][]byte // framed markets by offer
	log     *feedlog.Log
	events  int
	clock   time.Time
	cycles  int
	history int // how often history was lost
	never   chan struct{}
}

// New makes a world of events.
func New(offers []Offer, events int) (*World, error) {
	w := &World{
		offers: offers, log: feedlog.New(nil), events: events,
		clock: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), never: make(chan struct{}),
	}
	for _, o := range offers {
		var all [variants][]byte
		for v := range all {
			var err error
			if all[v], err = o.content(v); err != nil {
				return nil, err
			}
		}
		w.content = append(w.content, all)
	}
	for i := range events {
		if err := w.Put(i); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Put writes an event and its snapshots, as new content.
func (w *World) Put(i int) error {
	b := w.begin()
	b.event(i)
	for o := range w.offers {
		b.snapshot(i, o)
	}
	return b.commit()
}

// ConfirmAll writes that every snapshot was seen again: a cycle in which nothing changed.
func (w *World) ConfirmAll() error {
	w.clock = w.clock.Add(5 * time.Minute)
	b := w.begin()
	for i := range w.events {
		for _, o := range w.offers {
			b.add(feedlog.NewConfirmation(b.next(), &oddscachev1.Confirmation{
				Snapshot: snapshotKey(o.Bookmaker, i), LastConfirmedAt: timestamppb.New(w.clock),
			}))
		}
	}
	return b.commit()
}

// EndCycle ends a cycle that evicts the events from..to-1.
func (w *World) EndCycle(from, to int) error { return w.CycleEnd(from, to)() }

// CycleEnd makes a cycle end as EndCycle does. It is written when commit is called, before anything else is.
func (w *World) CycleEnd(from, to int) (commit func() error) {
	w.cycles++
	end := &oddscachev1.CycleEnd{
		CycleId: fmt.Sprintf("cycle-%d", w.cycles), Status: oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED, FinishedAt: timestamppb.New(w.clock),
	}
	for i := from; i < to; i++ {
		end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_SrId{SrId: SrID(i)}})
		for _, o := range w.offers {
			end.Removed = append(end.Removed, &oddscachev1.RemovedKey{
				Key: &oddscachev1.RemovedKey_Snapshot{Snapshot: snapshotKey(o.Bookmaker, i)},
			})
		}
	}
	b := w.begin()
	b.add(feedlog.NewCycleEnd(b.next(), end))
	return b.commit
}

// Pass lets time go by.
func (w *World) Pass(d time.Duration) { w.clock = w.clock.Add(d) }

// Payload is the number of bytes of all entries.
func (w *World) Payload() int64 { return w.log.View().Bytes }

// Head is the newest revision.
func (w *World) Head() int64 { return w.log.View().Head }

// SrID is an event's SportRadar id.
func SrID(i int) string { return fmt.Sprintf("6%07d", i) }

// MarketID is the id of a market that every bookmaker offers for every event.
const MarketID = "10042"

// Log is what the feed serves.
func (w *World) Log() *feedlog.Log { return w.log }

// Epoch names the world's history.
func (w *World) Epoch() string { return fmt.Sprint("bench-", w.history) }

// LoseHistory gives the world another epoch, so that every cache needs a full sync. Nobody may be following.
func (w *World) LoseHistory() { w.history++ }

// Lost is never closed: the writer keeps its term.
func (w *World) Lost() <-chan struct{} { return w.never }

// Held is always true.
func (w *World) Held() bool { return true }

// Diverged is not called: nothing is ahead of the log.
func (w *World) Diverged(context.Context, int64) error { return nil }

// snapshotKey is the key of an event's snapshot.
func snapshotKey(bookmaker string, i int) *oddscachev1.SnapshotKey {
	return &oddscachev1.SnapshotKey{Bookmaker: bookmaker, BookmakerEventId: bookmakerID(bookmaker, i)}
}

// bookmakerID is an event's id at a bookmaker, as long as the real ones are.
func bookmakerID(bookmaker string, i int) string {
	if bookmaker == "sportybet" {
		return "sr:match:" + SrID(i)
	}
	return fmt.Sprintf("%s%07d", bookmaker[:2], i)
}

// content is one variant of what a bookmaker offers, framed.
func (o Offer) content(variant int) ([]byte, error) {
	var framed []byte
	outcomes := 0
	for m := range o.Markets {
		market := &oddscachev1.CachedMarket{MarketId: fmt.Sprint(10000 + m/2), Name: marketName(m / 2)}
		if m%4 != 0 { // two lines of a market, or one with a line beside one without
			line := float64(m%20) / 2
			market.Line = &line
		}
		if o.Bookmaker == "betpawa" {
			market.MarketGroups = []string{"goals"}
		}
		for until := (m + 1) * o.Outcomes / o.Markets; outcomes < until; outcomes++ {
			market.Outcomes = append(market.Outcomes, &oddscachev1.Outcome{
				Name: outcomeName(outcomes), Odds: 1.01 + float64((outcomes*7919+variant*104729)%900)/100, IsActive: true,
			})
		}
		var err error
		if framed, err = snapshot.AppendMarket(framed, market); err != nil {
			return nil, fmt.Errorf("making market %d: %w", m, err)
		}
	}
	return framed, nil
}

func marketName(m int) string {
	names := []string{"1X2 - Full Time", "Over/Under - Full Time", "Asian Handicap - First Half", "Home Team Goals - 2nd Half"}
	return names[m%len(names)]
}

func outcomeName(n int) string {
	names := []string{"1", "X", "2", "Over", "Under", "Home or Draw", "Yes", "No"}
	return names[n%len(names)]
}
