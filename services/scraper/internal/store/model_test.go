package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
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

// The store is driven through random histories beside a model of plain maps, with restores in between.
func TestModel(t *testing.T) {
	t.Parallel()
	const grace = 2 * time.Hour
	outer := storetest.New(t, store.Config{Grace: grace})
	if err := outer.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	restores, moves, evictions := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		b := &storetest.Testbed{Pool: outer.Pool, Store: outer.Store}
		reset(t, b.Pool)
		b.MustAcquire(t)
		defer func() { _ = b.Release(context.Background()) }()
		model := world{events: map[string]odds.Event{}, snapshots: map[string]modelSnapshot{}}
		start := time.Now().UTC().Truncate(time.Microsecond)
		ids := [][]string{{"", "p1", "p2"}, {"", "s1", "s2", "s3"}, {"", "n1"}}
		srIDs := rapid.SampledFrom([]string{"1", "2", "3"})
		tick := 0

		drawEvent := func(t *rapid.T) odds.Event {
			// Hours around the cutoff, so that some are evicted, some stay, and some are postponed across it.
			kickoff := start.Add(time.Duration(rapid.IntRange(-4, 2).Draw(t, "kickoff")) * 30 * time.Minute).Add(-time.Hour)
			e := storetest.Event(srIDs.Draw(t, "sr_id"), kickoff, rapid.SampledFrom(ids[0]).Draw(t, "betpawa"),
				rapid.SampledFrom(ids[1]).Draw(t, "sportybet"), rapid.SampledFrom(ids[2]).Draw(t, "bet9ja"))
			e.Name = rapid.SampledFrom([]string{"x v y", "y v x"}).Draw(t, "name")
			return e
		}
		drawSnapshot := func(t *rapid.T) odds.Snapshot {
			i := rapid.IntRange(0, 2).Draw(t, "bookmaker")
			id := rapid.SampledFrom(ids[i][1:]).Draw(t, "id")
			bookmaker := registry.Names()[i]
			srID := model.owner(bookmaker, id)
			if srID == "" || rapid.IntRange(0, 9).Draw(t, "stray") == 0 {
				srID = srIDs.Draw(t, "sr_id")
			}
			prices := rapid.MapOfN(rapid.SampledFrom([]string{"1", "10", "2"}), rapid.SampledFrom([]float64{1.5, 2}), 1, 3).Draw(t, "prices")
			s := storetest.Capture(bookmaker, id, srID, prices)
			tick++
			s.Request = uint64(10 + tick - rapid.IntRange(0, 3).Draw(t, "late"))
			s.RequestedAt = start.Add(time.Duration(tick)*time.Second - 10*time.Minute)
			s.CapturedAt = s.RequestedAt.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "latency")) * time.Millisecond)
			s.Complete = rapid.Bool().Draw(t, "complete")
			for i := range s.Markets {
				spoil(t, &s.Markets[i])
			}
			for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "10", "2"}), 0, 2, rapid.ID).Draw(t, "unread") {
				s.Unread = append(s.Unread, odds.UnreadMarket{MarketKey: odds.MarketKey{ID: id}, AnyLine: rapid.Bool().Draw(t, "any line")})
			}
			return s
		}
		for range rapid.IntRange(5, 25).Draw(t, "operations") {
			switch rapid.SampledFrom([]string{"batch", "batch", "batch", "batch", "cycle", "restore"}).Draw(t, "operation") {
			case "batch":
				var batch store.Batch
				for range rapid.IntRange(0, 2).Draw(t, "events") {
					e := drawEvent(t)
					batch.Events = append(batch.Events, e)
					for _, c := range e.Competitors {
						if o := model.owner(c.Bookmaker, c.EventID); o != "" && o != e.SrID {
							moves++
						}
					}
					if _, known := model.events[e.SrID]; known || e.BetPawaEventID != "" || len(e.Competitors) > 0 {
						model.put(e)
					}
				}
				seen := map[string]bool{}
				for range rapid.IntRange(0, 3).Draw(t, "snapshots") {
					s := drawSnapshot(t)
					if k := fmt.Sprint(s.Bookmaker, s.EventID); !seen[k] {
						seen[k] = true
						batch.Snapshots = append(batch.Snapshots, s)
						model.capture(s)
					}
				}
				b.MustApply(t, batch)
			case "cycle":
				status := rapid.SampledFrom([]store.CycleStatus{store.Succeeded, store.Partial, store.Failed}).Draw(t, "status")
				c := b.MustCycle(t, status)
				if want := model.endCycle(c, grace); int64(want) != c.EvictedEvents {
					t.Fatalf("the cycle end evicted %d events, want %d", c.EvictedEvents, want)
				}
				evictions += int(c.EvictedEvents)
			case "restore":
				restores++
				b.CheckRestore(t)
				for k, s := range model.snapshots {
					s.request = 0
					model.snapshots[k] = s
				}
			}
			got := read(t, b.Log().View())
			ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".request" }, cmp.Ignore())
			if diff := cmp.Diff(model.events, got.events, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("events (-model +log):\n%s", diff)
			}
			if diff := cmp.Diff(model.snapshots, got.snapshots, cmp.AllowUnexported(modelSnapshot{}), ignore, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("snapshots (-model +log):\n%s", diff)
			}
			if live := b.Rows(t, "events") + b.Rows(t, "snapshots"); live != len(got.events)+len(got.snapshots) {
				t.Fatalf("the tables hold %d live rows, the log %d events and %d snapshots", live, len(got.events), len(got.snapshots))
			}
		}
		b.CheckRestore(t)
	})
	t.Logf("%d restores, %d moves, %d evicted events", restores, moves, evictions)
	if restores == 0 || moves == 0 || evictions == 0 {
		t.Errorf("the histories are too tame: %d restores, %d moves, %d evicted events", restores, moves, evictions)
	}
}
