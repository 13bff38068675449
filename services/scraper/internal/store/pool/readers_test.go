package pool_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/history"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

var anyHistory = history.Query{SrID: "100", Market: odds.MarketKey{ID: "a"}, Limit: 10}

// TestBlockedReadersDoNotTakeTheLease holds a lock that all readers of the history wait for, for several leases.
func TestBlockedReadersDoNotTakeTheLease(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T, url string, admin *pgxpool.Pool, cfg store.Config) *store.Store{
		"own pools": func(t *testing.T, url string, _ *pgxpool.Pool, cfg store.Config) *store.Store {
			t.Helper()
			return storetest.Open(t, url, cfg)
		},
		"one pool for all": func(t *testing.T, url string, _ *pgxpool.Pool, cfg store.Config) *store.Store {
			t.Helper()
			config, err := pgxpool.ParseConfig(url)
			if err != nil {
				t.Fatal(err)
			}
			config.MaxConns = 10
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			return store.New(pool, cfg, storetest.Logger(t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t, storetest.Migrated)
			admin, err := pgxpool.New(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(admin.Close)
			const lease = 1500 * time.Millisecond
			s := open(t, url, admin, store.Config{LeaseFor: lease, ReadTimeout: 2 * lease, ReadWait: 500 * time.Millisecond})
			b := &storetest.Testbed{Pool: admin, Store: s}
			b.MustAcquire(t)
			defer b.Release(context.Background())
			b.MustApply(t, storetest.One(2))
			storetest.Eventually(t, "the days ahead", func() bool { return len(storetest.Partitions(t, admin)) == 4 })
			storetest.Lock(t, admin, "LOCK TABLE market_odds_history IN ACCESS EXCLUSIVE MODE")

			var readers sync.WaitGroup
			ended := make(chan error, 12)
			for range cap(ended) {
				readers.Go(func() {
					_, err := history.NewReader(s.HistoryReaders()).List(t.Context(), anyHistory)
					ended <- err
				})
			}
			for until := time.Now().Add(3 * lease); time.Now().Before(until); {
				b.MustCycle(t, store.Succeeded)
				if cycles, err := s.ListCycles(t.Context(), "", 1); err != nil || len(cycles) != 1 {
					t.Errorf("ListCycles beside blocked readers of the history: %v, %v", cycles, err)
				}
				if left := b.LeaseLeft(); left < lease/5 {
					t.Errorf("the lease has %v left", left)
				}
				<-time.After(50 * time.Millisecond)
			}
			readers.Wait()
			close(ended)
			busy, slow := 0, 0
			for err := range ended {
				switch {
				case errors.Is(err, pool.ErrBusy):
					busy++
				case errors.Is(err, pool.ErrReadTimeout):
					slow++
				default:
					t.Errorf("a reader behind a lock: %v", err)
				}
			}
			if busy < 6 || slow < 1 {
				t.Errorf("%d readers were refused and %d timed out, want most refused and some timed out", busy, slow)
			}
			if !b.Held() || b.Err() != nil {
				t.Errorf("the lease was lost: %v", b.Err())
			}
		})
	}
}

// A caller that goes away frees its place at once.
func TestReaderWhoseCallerGoes(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, store.Config{})
	release := storetest.Lock(t, b.Pool, "LOCK TABLE market_odds_history IN ACCESS EXCLUSIVE MODE")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for range 3 {
		if _, err := history.NewReader(b.Store.HistoryReaders()).List(ctx, anyHistory); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, pool.ErrAway) {
			t.Errorf("a read whose caller goes: %v", err)
		}
	}
	release()
	if _, err := history.NewReader(b.Store.HistoryReaders()).List(t.Context(), anyHistory); err != nil {
		t.Errorf("the next read: %v", err)
	}
}

// TestDatabaseAway reads while Postgres is stopped, killed, full and starting.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, postgres.Options{Settings: map[string]string{"max_connections": "10", "superuser_reserved_connections": "0"}})
	url := server.URL("postgres")
	if err := storetest.Migrated(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	s := storetest.Open(t, url, store.Config{})
	reads := map[string]func() error{
		"ListCycles": func() error { _, err := s.ListCycles(t.Context(), "", 1); return err },
		"GetCycle":   func() error { _, err := s.GetCycle(t.Context(), "01a2046d-a0ed-755f-aa81-b5465fb8ef0c"); return err },
		"history": func() error {
			_, err := history.NewReader(s.HistoryReaders()).List(t.Context(), anyHistory)
			return err
		},
		"Sizes":     func() error { _, err := s.Sizes(t.Context()); return err },
		"DaysAhead": func() error { _, err := s.DaysAhead(t.Context()); return err },
	}
	require := func(when string, want error) {
		t.Helper()
		for name, read := range reads {
			err := read()
			if name == "GetCycle" && want == nil && errors.Is(err, store.ErrNotFound) {
				err = nil
			}
			if !errors.Is(err, want) {
				t.Errorf("%s %s: %v, want %v", name, when, err, want)
			}
		}
	}
	require("at first", nil)
	if err := server.Halt(); err != nil {
		t.Fatal(err)
	}
	require("while Postgres is stopped", pool.ErrAway)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	require("after the restart", nil)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	require("while Postgres is killed", pool.ErrAway)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = storetest.Open(t, url, store.Config{})
	var taken []*pgx.Conn
	for {
		c, err := pgx.Connect(t.Context(), url)
		if err != nil {
			break
		}
		taken = append(taken, c)
	}
	require("while all connections are taken", pool.ErrAway)
	for _, c := range taken {
		_ = c.Close(t.Context())
	}
	storetest.Eventually(t, "connections to be free", func() bool { return reads["ListCycles"]() == nil })
}
