package feedmodel

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// moment is a revision of an epoch. A cache may answer the states of moments at which a transaction had ended, exactly
// as they were, and no others.
type moment struct {
	epoch    string
	revision int64
}

func momentOf(f *oddscachev1.Freshness) moment { return moment{f.GetEpoch(), f.GetRevision()} }

// state is what every event and its snapshots were at a moment, and who owned which id.
type state struct {
	events map[string]*oddscachev1.EventSnapshots
	owners map[ID]string
}

// freeze keeps the present state under the present moment, which is the newest one from this instant on.
func (w *world) freeze() {
	t, _ := w.db.read()
	s := state{events: make(map[string]*oddscachev1.EventSnapshots), owners: make(map[ID]string)}
	for srID := range w.truth.events {
		e := w.truth.response(srID)
		for i, snap := range e.GetSnapshots() { // snapshot ids are the revisions of the contents' rows
			e.Snapshots[i] = proto.CloneOf(snap)
			e.Snapshots[i].SnapshotId = t.snaps[ID{snap.GetBookmaker(), snap.GetBookmakerEventId()}].revision
		}
		s.events[srID] = e
	}
	for _, id := range allIDs {
		s.owners[id] = w.truth.owner(id)
	}
	w.headsMu.Lock()
	defer w.headsMu.Unlock()
	w.moment = moment{t.epoch, t.revision}
	w.states[w.moment] = s
	w.heads = append(w.heads, history.Head{At: time.Now(), Epoch: t.epoch, Revision: t.revision})
}

// rename keeps the present state under the history's new name as well. The feed's goroutines call it.
func (w *world) rename() {
	t, _ := w.db.read()
	w.headsMu.Lock()
	defer w.headsMu.Unlock()
	s := w.states[w.moment]
	w.moment = moment{t.epoch, t.revision}
	w.states[w.moment] = s
	w.heads = append(w.heads, history.Head{At: time.Now(), Epoch: t.epoch, Revision: t.revision})
	if !w.losing {
		w.minted++
	}
}

// at is the state at a moment.
func (w *world) at(m moment) (state, error) {
	w.headsMu.Lock()
	defer w.headsMu.Unlock()
	s, is := w.states[m]
	if !is {
		return state{}, fmt.Errorf("revision %d of %s is no state that was ever committed", m.revision, m.epoch)
	}
	return s, nil
}

// since holds an event to its states from a moment on: it must be one of them.
func (w *world) since(m moment, srID string, got *oddscachev1.EventSnapshots) error {
	s, err := w.at(m)
	if err != nil {
		return err
	}
	err = same(s.events[srID], got)
	if err == nil {
		return nil
	}
	w.headsMu.Lock()
	defer w.headsMu.Unlock()
	for later, s := range w.states {
		if later.epoch == m.epoch && later.revision > m.revision && same(s.events[srID], got) == nil {
			return nil
		}
	}
	return fmt.Errorf("event %s is at revision %d of %s neither as it was then nor as later: %w", srID, m.revision, m.epoch, err)
}

// was holds an answer under every key to the state at the moment that it claims.
func (w *world) was(response *oddscachev1.BatchGetEventsResponse) error {
	m := momentOf(response.GetFreshness())
	s, err := w.at(m)
	if err != nil {
		return err
	}
	for i, result := range response.GetResults() {
		var got *oddscachev1.EventSnapshots
		if result.GetFound() {
			got = &oddscachev1.EventSnapshots{Event: result.GetEvent(), Snapshots: result.GetSnapshots()}
		}
		if err := same(s.events[s.requested(allKeys[i])], got); err != nil {
			return fmt.Errorf("at revision %d of %s, under %v: %w", m.revision, m.epoch, allKeys[i], err)
		}
	}
	return nil
}

// requested is the event that a key means, empty for none.
func (s state) requested(k *oddscachev1.EventKey) string {
	switch k := k.GetKey().(type) {
	case *oddscachev1.EventKey_SrId:
		return k.SrId
	case *oddscachev1.EventKey_BetpawaEventId:
		return s.owners[ID{betpawa, k.BetpawaEventId}]
	case *oddscachev1.EventKey_CompetitorEvent:
		return s.owners[ID{k.CompetitorEvent.GetBookmaker(), k.CompetitorEvent.GetCompetitorEventId()}]
	default:
		return ""
	}
}
