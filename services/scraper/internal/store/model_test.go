package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// world is what the store should hold, as plain maps.
type world struct {
	events    map[string]odds.Event
	snapshots map[string]modelSnapshot // by "bookmaker/id"
	cutoff    time.Time
}

type modelSnapshot struct {
	Markets   map[string]modelMarket
	Captured  time.Time
	Confirmed time.Time
	request   uint64 // of this term; 0 for one of an earlier term
}

type modelMarket struct {
	Gone     bool // not offered any more
	Outcomes map[string]modelOutcome
}

type modelOutcome struct {
	Odds float64
	Open bool
}

// shut is a market of which no outcome is open, with the odds it had.
func (m modelMarket) shut(gone bool) modelMarket {
	next := modelMarket{Gone: m.Gone || gone, Outcomes: map[string]modelOutcome{}}
	for name, o := range m.Outcomes {
		next.Outcomes[name] = modelOutcome{Odds: o.Odds}
	}
	return next
}

func (w *world) owner(b odds.Bookmaker, id string) string {
	for srID, e := range w.events {
		if b.Reference() && e.BetPawaEventID == id {
			return srID
		}
		if slices.Contains(e.Competitors, odds.CompetitorEvent{Bookmaker: b, EventID: id}) {
			return srID
		}
	}
	return ""
}

// put follows the rules in words: who is listed by e leaves everybody else, who is not stays where it is.
func (w *world) put(e odds.Event) {
	ids := map[odds.Bookmaker]string{}
	old := w.events[e.SrID]
	for _, from := range []odds.Event{old, e} {
		if from.BetPawaEventID != "" {
			ids[odds.BetPawa] = from.BetPawaEventID
		}
		for _, c := range from.Competitors {
			ids[c.Bookmaker] = c.EventID
		}
	}
	delete(w.events, e.SrID)
	for srID, o := range w.events {
		if o.BetPawaEventID != "" && o.BetPawaEventID == ids[odds.BetPawa] {
			o.BetPawaEventID = ""
		}
		o.Competitors = slices.DeleteFunc(slices.Clone(o.Competitors), func(c odds.CompetitorEvent) bool { return ids[c.Bookmaker] == c.EventID })
		w.events[srID] = o
	}
	w.events[e.SrID] = withIDs(e, ids)
}

func withIDs(e odds.Event, ids map[odds.Bookmaker]string) odds.Event {
	full := storetest.Event(e.SrID, e.Kickoff, ids[odds.BetPawa], ids[odds.SportyBet], ids[odds.Bet9ja])
	full.Name = e.Name
	return full
}

func (w *world) capture(s odds.Snapshot) {
	k := fmt.Sprintf("%s/%s", s.Bookmaker, s.EventID)
	old, known := w.snapshots[k]
	if w.owner(s.Bookmaker, s.EventID) != s.SrID || known && s.Request < old.request {
		return
	}
	if s.CapturedAt.Before(old.Captured) {
		s.CapturedAt = old.Captured // stamps do not go back
	}
	next := modelSnapshot{Markets: map[string]modelMarket{}, Captured: s.CapturedAt, Confirmed: s.CapturedAt, request: s.Request}
	for id, m := range old.Markets {
		unread := slices.ContainsFunc(s.Unread, func(u odds.UnreadMarket) bool { return u.ID == id })
		next.Markets[id] = m.shut(s.Complete && !unread)
	}
	for _, m := range s.Markets {
		offered := next.Markets[m.ID].shut(false)
		offered.Gone = false
		for _, o := range m.Outcomes {
			if o.Odds == 0 {
				o.Odds = offered.Outcomes[o.Name].Odds
			}
			offered.Outcomes[o.Name] = modelOutcome{Odds: o.Odds, Open: o.Active}
		}
		next.Markets[m.ID] = offered
	}
	if known && cmp.Equal(next.Markets, old.Markets) {
		next.Captured = old.Captured
		if old.Confirmed.After(next.Confirmed) {
			next.Confirmed = old.Confirmed
		}
	}
	w.snapshots[k] = next
}

func (w *world) endCycle(c store.Cycle, grace time.Duration) (evicted int) {
	if c.Status == store.Failed {
		return 0
	}
	if cutoff := c.FinishedAt.Add(-grace); cutoff.After(w.cutoff) {
		w.cutoff = cutoff
	}
	for k := range w.snapshots {
		b, id, _ := strings.Cut(k, "/")
		e, ok := w.events[w.owner(odds.Bookmaker(b), id)]
		if !ok || e.Kickoff.Before(w.cutoff) {
			delete(w.snapshots, k)
		}
	}
	for srID, e := range w.events {
		if e.Kickoff.Before(w.cutoff) {
			delete(w.events, srID)
			evicted++
		}
	}
	return evicted
}

// read decodes what a log holds into the model's form. Cutoff and times of requests are not in it.
func read(t *rapid.T, v *feedlog.View) world {
	w := world{events: map[string]odds.Event{}, snapshots: map[string]modelSnapshot{}}
	entries, _ := v.After(0, 1<<40)
	decode := func(e *feedlog.Entry, m proto.Message) {
		if err := proto.Unmarshal(e.Body, m); err != nil {
			t.Fatalf("decoding %v: %v", e.Key, err)
		}
	}
	for _, entry := range entries {
		k := entry.Key.Bookmaker + "/" + entry.Key.ID
		switch entry.Key.Kind {
		case feedlog.KindEvent:
			var m oddscachev1.Event
			decode(entry, &m)
			ids := map[odds.Bookmaker]string{odds.BetPawa: m.GetBetpawaEventId()}
			for _, c := range m.GetCompetitorEvents() {
				ids[odds.Bookmaker(c.GetBookmaker())] = c.GetCompetitorEventId()
			}
			w.events[m.GetSrId()] = withIDs(odds.Event{SrID: m.GetSrId(), Name: m.GetName(), Kickoff: m.GetKickoff().AsTime()}, ids)
		case feedlog.KindSnapshot:
			var m oddscachev1.CachedSnapshot
			decode(entry, &m)
			s := modelSnapshot{Markets: map[string]modelMarket{}, Captured: m.GetCapturedAt().AsTime(), Confirmed: m.GetLastConfirmedAt().AsTime()}
			for _, market := range m.GetMarkets() {
				m := modelMarket{Gone: market.GetUnavailableAt() != nil, Outcomes: map[string]modelOutcome{}}
				for _, o := range market.GetOutcomes() {
					m.Outcomes[o.GetName()] = modelOutcome{Odds: o.GetOdds(), Open: o.GetIsActive()}
				}
				s.Markets[market.GetMarketId()] = m
			}
			w.snapshots[k] = s
		case feedlog.KindConfirmation:
			var m oddscachev1.Confirmation
			decode(entry, &m)
			s := w.snapshots[k]
			s.Confirmed = m.GetLastConfirmedAt().AsTime()
			w.snapshots[k] = s
		case feedlog.KindCycleEnd:
		}
	}
	return w
}

// spoil takes prices or whole outcomes from a market, but not all of its outcomes.
func spoil(t *rapid.T, m *odds.Market) {
	for i := range m.Outcomes {
		switch rapid.SampledFrom([]string{"open", "open", "closed", "unpriced"}).Draw(t, "outcome") {
		case "closed":
			m.Outcomes[i].Active = false
		case "unpriced":
			m.Outcomes[i].Odds, m.Outcomes[i].Active = 0, false
		}
	}
	if gone := rapid.IntRange(-2, len(m.Outcomes)-1).Draw(t, "outcome not listed"); gone >= 0 {
		m.Outcomes = slices.Delete(m.Outcomes, gone, gone+1)
	}
}

// reset empties a migrated database.
func reset(t *rapid.T, pool *pgxpool.Pool) {
	_, err := pool.Exec(context.Background(), `TRUNCATE events, competitor_events, snapshots, cycles, market_odds_history, tournaments;
		UPDATE feed_state SET revision = 0, floor = 0, evict_kickoff_before = NULL, term = 0, holder = NULL, lease_until = NULL`)
	if err != nil {
		t.Fatalf("emptying the database: %v", err)
	}
}
