package feedmodel

import (
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// kickoffOf is a write's kickoff: whole hours from the domain's now.
func kickoffOf(w Write) time.Time { return w.At.Add(time.Duration(w.N) * time.Hour) }

// eventOf is the event that a write brings.
func eventOf(w Write) *oddscachev1.Event {
	e := proto.CloneOf(w.Event)
	e.Kickoff = timestamppb.New(kickoffOf(w))
	return e
}

// cycleOf is the id of the cycle that a write ends.
func cycleOf(w Write) string { return fmt.Sprint("cycle-", w.Seq) }

// listedOf is what the answer that a write brings lists; no two are alike. Now and then an outcome is not listed.
func listedOf(w Write) *oddscachev1.CachedSnapshot {
	s := &oddscachev1.CachedSnapshot{
		Bookmaker: w.ID.Bookmaker, BookmakerEventId: w.ID.ID,
		CapturedAt: timestamppb.New(w.stamp()), LastConfirmedAt: timestamppb.New(w.stamp()),
	}
	for i := range w.N + 1 {
		line := float64(i) + .5
		m := &oddscachev1.CachedMarket{
			MarketId: "3743", Name: "Over/Under " + strconv.FormatFloat(line, 'f', -1, 64), Line: &line,
			Outcomes: []*oddscachev1.Outcome{{Name: "Over", Odds: 1 + float64(w.Seq)/1000, IsActive: true}},
		}
		if (w.Seq+i)%3 > 0 {
			m.Outcomes = append(m.Outcomes, &oddscachev1.Outcome{Name: "Under", Odds: 2 + float64(w.Seq)/1000, IsActive: true})
		}
		s.Markets = append(s.Markets, m)
	}
	return s
}

// contentOf is what a write's answer makes of the committed content, which is nil when there is none: what it does not
// list is closed, and a market of which it lists nothing is withdrawn. It is the writer's way; the truth has its own.
func contentOf(w Write, committed *oddscachev1.CachedSnapshot) *oddscachev1.CachedSnapshot {
	next := listedOf(w)
	for i, old := range committed.GetMarkets() {
		if i >= len(next.GetMarkets()) {
			gone := proto.CloneOf(old)
			for _, o := range gone.GetOutcomes() {
				o.IsActive = false
			}
			if gone.GetUnavailableAt() == nil {
				gone.UnavailableAt = timestamppb.New(w.stamp())
			}
			next.Markets = append(next.Markets, gone)
			continue
		}
		listed := next.GetMarkets()[i]
		for _, o := range old.GetOutcomes()[min(len(listed.GetOutcomes()), len(old.GetOutcomes())):] {
			listed.Outcomes = append(listed.Outcomes, &oddscachev1.Outcome{Name: o.GetName(), Odds: o.GetOdds()})
		}
	}
	notAfter(next.GetMarkets(), w.stamp())
	return next
}

// notAfter corrects markets that became unavailable later than at an instant.
func notAfter(markets []*oddscachev1.CachedMarket, at time.Time) {
	for _, m := range markets {
		if m.GetUnavailableAt() != nil && m.GetUnavailableAt().AsTime().After(at) {
			m.UnavailableAt = timestamppb.New(at)
		}
	}
}
