package feedmodel

import (
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// plan is one transaction worked out: the tables as they will be, and the block of entries.
type plan struct {
	rules   Rules
	from    int64
	next    *tables
	entries []*feedlog.Entry
}

// newPlan works out writes over what is committed, in the order of the store: an id's loser before its winner,
// everything under revisions of its own.
func newPlan(rules Rules, committed *tables, writes []Write) (*plan, error) {
	p := &plan{rules: rules, from: committed.revision, next: committed.clone()}
	for _, w := range writes {
		if err := p.write(w); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *plan) write(w Write) error {
	switch w.Kind {
	case PutEvent:
		return p.event(eventOf(w))
	case Postpone:
		row, is := p.next.events[w.SrID]
		if !is {
			return nil
		}
		e := proto.CloneOf(row.event)
		e.Kickoff = timestamppb.New(kickoffOf(w))
		return p.event(e)
	case PutContent:
		if !p.listed(w.ID) {
			return nil // refused: no event lists it
		}
		return p.content(w, contentOf(w, p.next.snaps[w.ID].content))
	case Confirm:
		row, is := p.next.snaps[w.ID]
		if !is || !p.listed(w.ID) {
			return nil
		}
		if row.at.Sub(w.stamp()) > tolerance { // never before captured_at
			corrected := proto.CloneOf(row.content)
			corrected.CapturedAt = timestamppb.New(w.stamp())
			notAfter(corrected.GetMarkets(), w.stamp())
			return p.content(w, corrected)
		}
		row.confirmed, row.at = p.revision(), w.stamp()
		p.next.snaps[w.ID] = row
		return p.add(confirmationEntry(row.confirmed, w.ID, row.at))
	default:
		return p.endCycle(w)
	}
}

func (p *plan) content(w Write, content *oddscachev1.CachedSnapshot) error {
	p.next.snaps[w.ID] = snapRow{revision: p.revision(), content: content, at: w.stamp()}
	return p.add(contentEntry(p.next.revision, content))
}

// event writes an event, after those that lose an id to it.
func (p *plan) event(e *oddscachev1.Event) error {
	taken := idsOf(e)
	for _, srID := range slices.Sorted(maps.Keys(p.next.events)) {
		if srID == e.GetSrId() {
			continue
		}
		left := p.next.events[srID].event
		for _, id := range idsOf(left) {
			if slices.Contains(taken, id) {
				left = without(left, id)
			}
		}
		if left == p.next.events[srID].event {
			continue
		}
		if p.rules.NewOwnerOnly {
			p.next.events[srID] = eventRow{p.next.events[srID].revision, left}
			continue
		}
		if err := p.put(left); err != nil {
			return err
		}
	}
	return p.put(e)
}

func (p *plan) put(e *oddscachev1.Event) error {
	p.next.events[e.GetSrId()] = eventRow{p.revision(), e}
	return p.add(feedlog.NewEvent(p.next.revision, e))
}

// endCycle evicts exact keys.
func (p *plan) endCycle(w Write) error {
	end := &oddscachev1.CycleEnd{
		CycleId: cycleOf(w), Status: oddscachev1.CycleStatus_CYCLE_STATUS_FAILED, FinishedAt: timestamppb.New(w.stamp()),
	}
	switch {
	case w.Yes && w.skewed():
		end.Status = oddscachev1.CycleStatus_CYCLE_STATUS_PARTIAL
	case w.Yes:
		end.Status = oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED
		p.evict(end, w.stamp().Add(-grace))
	case p.rules.FailedEvicts:
		p.evict(end, w.stamp().Add(-grace))
	}
	p.next.cycles = append(p.next.cycles, cycleRow{p.revision(), end})
	return p.add(feedlog.NewCycleEnd(p.next.revision, end))
}

func (p *plan) evict(end *oddscachev1.CycleEnd, cutoff time.Time) {
	if ahead := p.next.cutoff.Sub(cutoff); ahead > 0 && (ahead <= tolerance || p.rules.CutoffStays) {
		cutoff = p.next.cutoff
	}
	p.next.cutoff = cutoff
	end.EvictKickoffBefore = timestamppb.New(cutoff)
	for _, srID := range slices.Sorted(maps.Keys(p.next.events)) {
		if p.next.events[srID].event.GetKickoff().AsTime().Before(cutoff) {
			delete(p.next.events, srID)
			end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_SrId{SrId: srID}})
		}
	}
	for _, id := range allIDs {
		if _, held := p.next.snaps[id]; held && !p.listed(id) {
			delete(p.next.snaps, id)
			end.Removed = append(end.Removed, &oddscachev1.RemovedKey{Key: &oddscachev1.RemovedKey_Snapshot{
				Snapshot: &oddscachev1.SnapshotKey{Bookmaker: id.Bookmaker, BookmakerEventId: id.ID},
			}})
		}
	}
}

func (p *plan) listed(id ID) bool {
	for _, r := range p.next.events {
		if slices.Contains(idsOf(r.event), id) {
			return true
		}
	}
	return false
}

// revision takes the next one.
func (p *plan) revision() int64 {
	p.next.revision++
	return p.next.revision
}

func (p *plan) add(e *feedlog.Entry, err error) error {
	p.entries = append(p.entries, e)
	return err
}
