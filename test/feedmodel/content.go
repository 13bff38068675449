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

// contentOf is the content that a write brings; no two are alike.
func contentOf(w Write) *oddscachev1.CachedSnapshot {
	s := &oddscachev1.CachedSnapshot{
		Bookmaker: w.ID.Bookmaker, BookmakerEventId: w.ID.ID,
		CapturedAt: timestamppb.New(w.At), LastConfirmedAt: timestamppb.New(w.At),
	}
	for i := range w.N + 1 {
		line := float64(i) + .5
		s.Markets = append(s.Markets, &oddscachev1.CachedMarket{
			MarketId: "3743", Name: "Over/Under " + strconv.FormatFloat(line, 'f', -1, 64), Line: &line,
			Outcomes: []*oddscachev1.Outcome{
				{Name: "Over", Odds: 1 + float64(w.Seq)/1000, IsActive: true},
				{Name: "Under", Odds: 2, IsActive: true},
			},
		})
	}
	return s
}
