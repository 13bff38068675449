package feedmodel

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// settleTimeout is how long the bubble's time may take until everybody has caught up: a half-open connection is noticed
// after 25 s, reconnecting and leases take a few more.
const settleTimeout = 2 * time.Minute

// quiet makes a quiet point and holds every replica against the truth.
func (w *world) quiet() error {
	if err := w.settle(); err != nil {
		return err
	}
	for _, r := range w.replicas {
		if err := w.same(r); err != nil {
			return fmt.Errorf("%s: %w", r.id, err)
		}
	}
	if err := w.watcher.same(); err != nil {
		return err
	}
	w.cover.quiet++
	return nil
}

// settle lets everybody catch up with the head. Faults under way are ended, but frozen connections stay frozen: the
// replicas have to find out themselves.
func (w *world) settle() error {
	writer, err := w.lead()
	if err != nil {
		return err
	}
	for _, t := range w.taps {
		t.set(func() { t.open, t.cut, t.drop = true, none, none })
	}
	began := time.Now()
	for {
		waiting := ""
		head := writer.log.View().Head
		for _, r := range w.replicas {
			f := r.freshness()
			if f.GetState() != oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE || f.GetRevision() != head || f.GetEpoch() != writer.Epoch() {
				waiting = fmt.Sprintf("%s is %v at %d of %s, the head is %d of %s", r.id, f.GetState(), f.GetRevision(), f.GetEpoch(), head, writer.Epoch())
			}
		}
		if waiting == "" {
			waiting = w.watcher.behind(writer.Epoch(), head)
		}
		if waiting == "" {
			for _, t := range w.taps { // whoever is live hears over connections that are not frozen
				t.set(func() { t.frozenAt, t.transit = time.Time{}, 0 })
			}
			return w.wrong()
		}
		if time.Since(began) > settleTimeout {
			return fmt.Errorf("not caught up within %v: %s", settleTimeout, waiting)
		}
		if err := w.wrong(); err != nil {
			return err
		}
		if err := w.pass(tick); err != nil {
			return err
		}
		if writer, err = w.lead(); err != nil {
			return err
		}
	}
}

func (r *replica) freshness() *oddscachev1.Freshness {
	s, err := r.stats()
	if err != nil {
		return nil
	}
	return s.GetFreshness()
}

func (r *replica) stats() (*oddscachev1.GetStatsResponse, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return r.client.GetStats(ctx, &oddscachev1.GetStatsRequest{})
}

// same holds what a replica answers to every kind of question against the truth.
func (w *world) same(r *replica) error {
	response := r.sample() // which holds it to the state at its revision
	switch {
	case response == nil:
		return fmt.Errorf("no answer at a quiet point")
	case w.untrue != nil:
		return w.untrue
	case momentOf(response.GetFreshness()) != w.moment:
		return fmt.Errorf("answers revision %d at a quiet point, the newest is %+v", response.GetFreshness().GetRevision(), w.moment)
	}
	if err := w.sameList(r); err != nil {
		return err
	}
	if err := w.sameOwners(r); err != nil {
		return err
	}
	return w.sameStats(r)
}

// same compares an answer about an event with the truth; nil is for an event that there is not.
func same(want, got *oddscachev1.EventSnapshots) error {
	if want == nil && got == nil {
		return nil
	}
	if want == nil || got == nil {
		return fmt.Errorf("truth has %v, the cache %v", want, got)
	}
	if !proto.Equal(want, got) {
		return fmt.Errorf("event %s (-truth +cache):\n%s", want.GetEvent().GetSrId(), cmp.Diff(want, got, protocmp.Transform()))
	}
	return nil
}

func (w *world) sameList(r *replica) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	list, err := r.client.ListEvents(ctx, &oddscachev1.ListEventsRequest{IncludeSnapshots: true})
	if err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	var listed []string
	for _, e := range list.GetEvents() {
		listed = append(listed, e.GetEvent().GetSrId())
		if err := same(w.states[w.moment].events[e.GetEvent().GetSrId()], e); err != nil {
			return fmt.Errorf("in the list: %w", err)
		}
	}
	want := slices.SortedFunc(maps.Keys(w.truth.events), func(a, b string) int {
		ka, kb := w.truth.events[a].GetKickoff().AsTime(), w.truth.events[b].GetKickoff().AsTime()
		return cmpOr(ka.Compare(kb), a, b)
	})
	if !slices.Equal(listed, want) {
		return fmt.Errorf("list has %v, want %v", listed, want)
	}
	return nil
}

func cmpOr(first int, a, b string) int {
	switch {
	case first != 0:
		return first
	case a < b:
		return -1
	default:
		return 1
	}
}

func (w *world) sameOwners(r *replica) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req := &oddscachev1.ResolveCompetitorEventsRequest{}
	for _, id := range rivals {
		req.CompetitorEvents = append(req.CompetitorEvents, &oddscachev1.CompetitorEvent{Bookmaker: id.Bookmaker, CompetitorEventId: id.ID})
	}
	resolved, err := r.client.ResolveCompetitorEvents(ctx, req)
	if err != nil {
		return fmt.Errorf("resolving: %w", err)
	}
	for i, result := range resolved.GetResults() {
		owner := w.truth.owner(rivals[i])
		if result.GetSrId() != owner || result.GetFound() != (owner != "") || result.GetBetpawaEventId() != w.truth.events[owner].GetBetpawaEventId() {
			return fmt.Errorf("%v resolves to %v, want %q", rivals[i], result, owner)
		}
	}
	return nil
}

func (w *world) sameStats(r *replica) error {
	s, err := r.stats()
	if err != nil {
		return fmt.Errorf("asking for stats: %w", err)
	}
	got := counts{
		events: s.GetTotalEvents(), betpawa: s.GetBetpawaEvents(), competitor: s.GetCompetitorEvents(),
		snapshots: s.GetTotalSnapshots(), markets: s.GetTotalMarkets(), waiting: s.GetWaitingSnapshots(),
	}
	if want := w.truth.counts(); got != want {
		return fmt.Errorf("stats are %+v, want %+v", got, want)
	}
	if s.GetFreshness().GetLastCycleId() != w.truth.cycle {
		return fmt.Errorf("last cycle is %q, want %q", s.GetFreshness().GetLastCycleId(), w.truth.cycle)
	}
	return nil
}
