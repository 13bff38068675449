package lease_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// Postgres is killed under load, again and again: what Apply has acknowledged is there, and what the log shows is
// what the tables hold.
func TestPostgresKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it kills servers of its own")
	}
	server := pgtest.Server(t, postgres.Options{})
	url := server.URL("postgres")
	if err := storetest.Migrated(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	b := storetest.On(t, pool, store.Config{LeaseFor: 5 * time.Second})

	const events = 40
	price, acknowledged, failed, lost := 2.0, 0, 0, 0
	write := func() {
		price++
		var batch store.Batch
		for i := range events {
			id := fmt.Sprint(i + 1)
			batch.Events = append(batch.Events, storetest.Event(id, time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), id))
			prices := storetest.Numbered(20, 2)
			prices["1000"] = price
			batch.Snapshots = append(batch.Snapshots, storetest.Capture(odds.BetPawa, id, id, prices))
		}
		for { // as an engine would: the same batch until it is stored
			r, err := b.Apply(t.Context(), batch)
			switch {
			case err == nil && len(r.Rejected) == 0:
				acknowledged++
				return
			case errors.Is(err, lease.ErrNotWriter):
				lost++
				_ = b.Release(t.Context())
				b.MustAcquire(t)
			case err == nil:
				t.Fatalf("refused: %v", r.Rejected)
			default:
				failed++
			}
			if t.Context().Err() != nil {
				t.Fatal("the test ran out of time")
			}
		}
	}
	for round := range 4 {
		write()
		killed := make(chan error, 1)
		go func() { // ends when Postgres is back
			<-time.After(time.Duration(rand.IntN(40)) * time.Millisecond) // some point of a write
			err := server.Kill()
			if err == nil {
				err = server.Restart(context.Background())
			}
			killed <- err
		}()
		for stopped := false; !stopped; {
			select {
			case err := <-killed:
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				stopped = true
			default:
				write()
			}
		}
		for i := range events {
			id := fmt.Sprint(i + 1)
			if got := b.Snapshot(t, odds.BetPawa, id).GetMarkets()[0].GetOutcomes()[0].GetOdds(); got != price {
				t.Fatalf("round %d: event %s has price %g, %g was acknowledged", round, id, got, price)
			}
		}
		b.CheckRestore(t)
	}
	if got, want := b.Rows(t, "market_odds_history"), events*(19+acknowledged); got != want {
		t.Errorf("history has %d rows, want %d: one for each change, once", got, want)
	}

	// Acquiring waits through an outage.
	if err := errors.Join(b.Release(t.Context()), server.Halt()); err != nil {
		t.Fatal(err)
	}
	acquired := acquireInBackground(t, b.Store)
	select {
	case <-acquired:
		t.Fatal("acquired a lease of a Postgres that is not there")
	case <-time.After(300 * time.Millisecond):
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Writer = storetest.Wait(t, "Postgres to be back", acquired)
	t.Logf("%d batches acknowledged, %d attempts failed, the lease was lost %d times", acknowledged, failed, lost)
}
