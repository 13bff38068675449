package cycle

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// requests numbers the requests of all sites, as a process does.
var requests atomic.Uint64

// site is a bookmaker that a test writes by hand. It is changed between cycles only.
type site struct {
	name         odds.Bookmaker
	events       map[string]*match // by its own id
	discoveryErr error
}

// match is an event as a site offers it: what the list says, and the detail where it differs.
type match struct {
	odds.Listing
	detail  odds.Listing  // fields of the detail that are not the list's
	markets []odds.Market // in order
	err     error         // of the detail
	hidden  bool          // the list is without it
	about   string        // the SportRadar id of the snapshot, where it is another one
}

func (s *site) Bookmaker() odds.Bookmaker { return s.name }

func (s *site) Discover(context.Context) (bookmaker.Discovery, error) {
	d := bookmaker.Discovery{Tournaments: []bookmaker.Tournament{{ID: "cup"}}}
	for _, id := range slices.Sorted(maps.Keys(s.events)) {
		if m := s.events[id]; !m.hidden {
			d.Listings = append(d.Listings, m.Listing)
		}
	}
	return d, s.discoveryErr
}

func (s *site) Fetch(_ context.Context, t bookmaker.Target) (bookmaker.Detail, error) {
	m := s.events[t.EventID]
	switch {
	case m == nil:
		return bookmaker.Detail{}, errors.New("no such event")
	case m.err != nil:
		return bookmaker.Detail{}, m.err
	}
	now := time.Now()
	return bookmaker.Detail{
		Listing: m.With(m.detail),
		Snapshot: odds.Snapshot{
			Bookmaker: s.name, EventID: m.EventID, SrID: cmp.Or(m.about, m.SrID), Request: requests.Add(1), RequestedAt: now, CapturedAt: now,
			Markets: m.markets, Complete: true,
		},
	}, nil
}

// add offers an event, of two teams called "Home 61000021 - Away 61000021" or the like.
func (s *site) add(srID, home, away string, kickoff time.Time, markets ...odds.Market) *match {
	odds.SortMarkets(markets)
	m := &match{Listing: odds.Listing{
		Bookmaker: s.name, EventID: string(s.name[0]) + srID, SrID: srID, Kickoff: kickoff, Name: home + " - " + away,
		HomeTeam: home, AwayTeam: away, Sport: "football", Country: "Spain", Tournament: "Cup", TournamentID: "cup",
	}, markets: markets}
	s.events[m.EventID] = m
	return m
}

// result3 is a 1X2 market.
func result3(home, draw, away float64) odds.Market {
	return odds.Market{MarketKey: odds.MarketKey{ID: "3743"}, Name: "1X2 - FT", Outcomes: []odds.Outcome{
		{Name: "1", Odds: home, Active: true}, {Name: "X", Odds: draw, Active: true}, {Name: "2", Odds: away, Active: true},
	}}
}

// noBackoff hands out slots at once, also of a bookmaker that has throttled its callers.
type noBackoff struct{}

func (noBackoff) AcquireAll(ctx context.Context, names []odds.Bookmaker, waitTimeout time.Duration) ([]*limit.Permit, []odds.Bookmaker, error) {
	slots := make(map[odds.Bookmaker]limit.Config)
	for _, b := range names {
		slots[b] = limit.Config{Slots: 1}
	}
	group, err := limit.NewGroup(slots)
	if err != nil {
		return nil, nil, err
	}
	return group.AcquireAll(ctx, names, waitTimeout)
}

// testbed is an engine on three sites and a database of the test's own.
type testbed struct {
	*Engine
	store *store.Writer
	pool  *pgxpool.Pool

	betpawa, sportybet, bet9ja *site
}

// newTestbed opens a testbed.
func newTestbed(t *testing.T) *testbed {
	t.Helper()
	b := &testbed{pool: pgtest.New(t, migrated)}
	var clients []bookmaker.Client
	for name, s := range map[odds.Bookmaker]**site{odds.BetPawa: &b.betpawa, odds.SportyBet: &b.sportybet, odds.Bet9ja: &b.bet9ja} {
		*s = &site{name: name, events: make(map[string]*match)}
		clients = append(clients, *s)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	b.Engine = New(Config{
		BatchEvents: 4, BatchAge: 2 * time.Millisecond, WaitTimeout: time.Second, Deadline: time.Minute, Stall: time.Minute,
	}, clients, noBackoff{}, 4, func(context.Context, int64) bool { return false }, log)
	var err error
	b.store, err = store.New(b.pool, store.Config{}, log).Acquire(t.Context())
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	t.Cleanup(func() { _ = b.store.Release(context.WithoutCancel(t.Context())) })
	b.beginTerm(b.store)
	return b
}

// cycle runs one and returns it as it ended.
func (b *testbed) cycle(t rapid.TB) store.Cycle {
	t.Helper()
	handle := &Handle{CycleID: uuid.Must(uuid.NewV7()).String(), done: make(chan struct{})}
	b.run(context.Background(), b.store, handle)
	c, err := handle.Wait(context.Background())
	if err != nil {
		t.Fatalf("cycle: %v", err)
	}
	return c
}

// part is a bookmaker's part of a cycle.
func part(t rapid.TB, c store.Cycle, b odds.Bookmaker) store.BookmakerResult {
	t.Helper()
	for _, r := range c.Bookmakers {
		if r.Bookmaker == b {
			return r
		}
	}
	t.Fatalf("the cycle has no part of %s", b)
	return store.BookmakerResult{}
}

// examples are what a bookmaker's part of a cycle names for a reason.
func examples(t rapid.TB, c store.Cycle, b odds.Bookmaker, reason odds.Reason) []store.FindingEvent {
	t.Helper()
	for _, d := range part(t, c, b).Findings {
		if d.Reason == reason {
			return d.Examples
		}
	}
	return nil
}

// price is what is committed as offered of an outcome of the 1X2; 0 for none.
func (b *testbed) price(t rapid.TB, bookmaker odds.Bookmaker, eventID, outcome string) float64 {
	t.Helper()
	s, ok := b.store.Committed(bookmaker, eventID)
	if !ok {
		return 0
	}
	markets, err := s.Offered(func(id string) bool { return id == "3743" })
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range markets {
		for _, o := range m.Outcomes {
			if o.Name == outcome && o.Active {
				return o.Odds
			}
		}
	}
	return 0
}
