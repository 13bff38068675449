package store_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// migrated prepares the template that the tests' databases are cloned from.
func migrated(ctx context.Context, url string) error {
	return store.Migrate(ctx, url, store.MigrateOptions{}, slog.New(slog.DiscardHandler))
}

// bundle is a writer on a database of the test's own.
type bundle struct {
	*store.Writer
	store *store.Store
	pool  *pgxpool.Pool
}

func setup(t *testing.T, cfg store.Config) *bundle {
	t.Helper()
	return on(t, pgtest.New(t, migrated), cfg)
}

func on(t *testing.T, pool *pgxpool.Pool, cfg store.Config) *bundle {
	t.Helper()
	b := &bundle{pool: pool, store: store.New(pool, cfg, logger(t))}
	b.acquire(t)
	t.Cleanup(func() { _ = b.Release(context.WithoutCancel(t.Context())) })
	return b
}

func logger(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// acquire gives the bundle a new writer, which knows only what Postgres holds.
func (b *bundle) acquire(t tb) {
	t.Helper()
	w, err := b.store.Acquire(t.Context())
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	b.Writer = w
}

func (b *bundle) apply(t tb, batch store.Batch) store.BatchResult {
	t.Helper()
	r, err := b.Apply(t.Context(), batch)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return r
}

// cycle runs a cycle that does nothing but end.
func (b *bundle) cycle(t tb, status store.CycleStatus) store.Cycle {
	t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	if err := b.BeginCycle(t.Context(), id, time.Now()); err != nil {
		t.Fatalf("BeginCycle: %v", err)
	}
	c, err := b.EndCycle(t.Context(), store.Cycle{ID: id, Status: status})
	if err != nil {
		t.Fatalf("EndCycle: %v", err)
	}
	return c
}

// sameAfterRestore releases the writer, acquires anew and requires the very same log.
func (b *bundle) sameAfterRestore(t tb) {
	t.Helper()
	before := b.Log().View()
	if err := b.Release(t.Context()); err != nil {
		t.Fatalf("Release: %v", err)
	}
	b.acquire(t)
	if diff := cmp.Diff(shape(before), shape(b.Log().View())); diff != "" {
		t.Errorf("the log rebuilt from Postgres differs from the live one (-live +rebuilt):\n%s", diff)
	}
}

// shape is what two equal logs agree in.
func shape(v *feedlog.View) map[string]any {
	entries, _ := v.After(0, 1<<40)
	frames := make(map[string]string, len(entries))
	for _, e := range entries {
		frames[e.Key.String()] = string(e.Frame)
	}
	return map[string]any{"head": v.Head, "floor": v.Floor, "entries": v.Entries, "digest": v.Digest, "frames": frames}
}

// rows counts the rows of a table.
func (b *bundle) rows(t tb, table string) int {
	t.Helper()
	var n int
	if err := b.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatalf("counting %s: %v", table, err)
	}
	return n
}

// snapshot decodes what the log holds of a snapshot; nil if nothing.
func (b *bundle) snapshot(t tb, bookmaker odds.Bookmaker, id string) *oddscachev1.CachedSnapshot {
	t.Helper()
	e := b.Log().Lookup(feedlog.SnapshotKey(string(bookmaker), id))
	if e == nil {
		return nil
	}
	var s oddscachev1.CachedSnapshot
	if err := proto.Unmarshal(e.Body, &s); err != nil {
		t.Fatalf("decoding snapshot %s/%s: %v", bookmaker, id, err)
	}
	return &s
}

// keys are the log's keys in order of their revisions.
func (b *bundle) keys(after int64) []string {
	entries, _ := b.Log().View().After(after, 1<<40)
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key.String()
	}
	return keys
}

// event makes an event; ids are BetPawa's, SportyBet's and Bet9ja's, each empty for none.
func event(srID string, kickoff time.Time, ids ...string) odds.Event {
	e := odds.Event{
		SrID: srID, Name: "Home " + srID + " v Away " + srID, HomeTeam: "Home " + srID, AwayTeam: "Away " + srID,
		Kickoff: kickoff.UTC(), Sport: "football", Country: "Nowhere", Tournament: "Cup",
	}
	for i, id := range ids {
		switch {
		case id == "":
		case i == 0:
			e.BetPawaEventID = id
		default:
			e.Competitors = append(e.Competitors, odds.CompetitorEvent{Bookmaker: registry.Names()[i], EventID: id})
		}
	}
	slices.SortFunc(e.Competitors, func(a, b odds.CompetitorEvent) int {
		if a.Bookmaker < b.Bookmaker {
			return -1
		}
		return 1
	})
	return e
}

// capture makes a complete snapshot requested just now with one price a market.
func capture(b odds.Bookmaker, id, srID string, prices map[string]float64) odds.Snapshot {
	requested := time.Now().Add(-time.Millisecond)
	s := odds.Snapshot{Bookmaker: b, EventID: id, SrID: srID, RequestedAt: requested, CapturedAt: time.Now(), Complete: true}
	for _, market := range slices.Sorted(maps.Keys(prices)) {
		s.Markets = append(s.Markets, odds.Market{
			MarketKey: odds.MarketKey{ID: market}, Name: "Market " + market,
			Outcomes: []odds.Outcome{{Name: "Yes", Odds: prices[market], Active: prices[market] > 1}, {Name: "No", Odds: 2.5, Active: true}},
		})
	}
	return s
}

// numbered makes n markets of one price.
func numbered(n int, price float64) map[string]float64 {
	prices := make(map[string]float64, n)
	for i := range n {
		prices[strconv.Itoa(1000+i)] = price
	}
	return prices
}

// tb is what helpers need of a test, and of a property's single check.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}
