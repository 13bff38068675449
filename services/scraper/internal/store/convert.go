package store

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// eventMessage is an event as the protocol says it.
func eventMessage(e *odds.Event) *oddscachev1.Event {
	m := &oddscachev1.Event{
		SrId:             e.SrID,
		BetpawaEventId:   e.BetPawaEventID,
		Name:             e.Name,
		HomeTeam:         e.HomeTeam,
		AwayTeam:         e.AwayTeam,
		Kickoff:          timestamppb.New(e.Kickoff),
		Sport:            e.Sport,
		Country:          e.Country,
		Tournament:       e.Tournament,
		CompetitorEvents: make([]*oddscachev1.CompetitorEvent, len(e.Competitors)),
	}
	for i, c := range e.Competitors {
		m.CompetitorEvents[i] = &oddscachev1.CompetitorEvent{Bookmaker: string(c.Bookmaker), CompetitorEventId: c.EventID}
	}
	return m
}

// confirmationMessage is a confirmation as the protocol says it.
func confirmationMessage(k key, at time.Time) *oddscachev1.Confirmation {
	return &oddscachev1.Confirmation{Snapshot: snapshotKey(k), LastConfirmedAt: timestamppb.New(at)}
}

func snapshotKey(k key) *oddscachev1.SnapshotKey {
	return &oddscachev1.SnapshotKey{Bookmaker: string(k.bookmaker), BookmakerEventId: k.id}
}

// message is the cycle end as the protocol says it.
func (c *cycleEnd) message() *oddscachev1.CycleEnd {
	m := &oddscachev1.CycleEnd{
		CycleId:    c.id,
		Status:     oddscachev1.CycleStatus(oddscachev1.CycleStatus_value["CYCLE_STATUS_"+string(c.status)]),
		FinishedAt: timestamppb.New(c.finishedAt),
	}
	if c.cutoff != nil {
		m.EvictKickoffBefore = timestamppb.New(*c.cutoff)
	}
	for _, srID := range c.events {
		m.Removed = append(m.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_SrId{SrId: srID}})
	}
	for _, k := range c.snapshots {
		m.Removed = append(m.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_Snapshot{Snapshot: snapshotKey(k)}})
	}
	return m
}
