package lease_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/storetest"
)

// kept are the tables, those that are referred to first.
var kept = []string{"feed_state", "tournaments", "events", "competitor_events", "snapshots", "cycles"} //nolint:gochecknoglobals // a constant

// losing is a database that can lose what was committed since it was last kept, as a failover to a standby does that had
// lost touch; the identity stays, which is the harder case.
type losing struct {
	*storetest.Testbed
	t         *rapid.T
	stores    [2]*store.Store
	cycle     string
	lost      bool              // since the last term began
	published map[string]string // digest and entries by epoch and revision
}

// keep keeps what is committed, with a lease that runs out: who had it then may not be who has it now.
func (l *losing) keep() {
	for _, table := range kept {
		storetest.Exec(l.t, l.Pool, fmt.Sprintf("DROP TABLE IF EXISTS kept_%s; CREATE TABLE kept_%s AS TABLE %s", table, table, table))
	}
	storetest.Exec(l.t, l.Pool, "UPDATE kept_feed_state SET lease_until = clock_timestamp()")
}

// lose puts everything back to when it was kept.
func (l *losing) lose() {
	sql := "BEGIN; TRUNCATE competitor_events, snapshots, events, tournaments, cycles, feed_state;"
	for _, table := range kept {
		sql += fmt.Sprintf("INSERT INTO %s OVERRIDING SYSTEM VALUE TABLE kept_%s;", table, table)
	}
	storetest.Exec(l.t, l.Pool, sql+"COMMIT")
	l.lost = true
}

// note keeps what the log shows now, and requires that the same name has not meant something else before.
func (l *losing) note() {
	v := l.Log().View()
	name, is := fmt.Sprint(l.Epoch(), "@", v.Head), fmt.Sprint(v.Entries, " entries, digest ", v.Digest)
	if was, known := l.published[name]; known && was != is {
		l.t.Fatalf("%s was %s, is %s", name, was, is)
	}
	l.published[name] = is
}

// write does what may find that the database lost something, and goes on with a new term then.
func (l *losing) write(do func() error) {
	err := do()
	if errors.Is(err, lease.ErrNotWriter) {
		l.again()
		return
	}
	if err != nil {
		l.t.Fatalf("a write: %v", err)
	}
	l.note()
}

// again gives the writer up and acquires again, maybe as the other process.
func (l *losing) again() {
	if err := l.Release(context.Background()); err != nil {
		l.t.Fatalf("Release: %v", err)
	}
	l.Store = l.stores[rapid.IntRange(0, 1).Draw(l.t, "process")]
	l.MustAcquire(l.t)
	l.cycle = ""
	l.note()
	if l.lost {
		// The same state does not come back a second time: a process that has not seen it the first time could not know
		// it, and no database says that it was copied.
		l.lost = false
		l.keep()
	}
}

// Whatever tail of what was committed is lost, and whenever: writers go on by themselves, and a revision of an epoch
// means the same for ever, which is what caches rely on.
func TestLostCommitsModel(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, storetest.Migrated)
	losses, denied := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		storetest.Exec(t, pool, "TRUNCATE competitor_events, snapshots, events, tournaments, cycles; "+
			"UPDATE feed_state SET epoch = gen_random_uuid(), revision = 0, floor = 0, term = 0, holder = NULL, lease_until = NULL")
		l := &losing{Testbed: &storetest.Testbed{Pool: pool}, t: t, published: make(map[string]string)}
		for i := range l.stores {
			l.stores[i] = store.New(pool, store.Config{LeaseFor: time.Minute}, (&logged{}).logger()) // no renewal comes first
		}
		l.Store = l.stores[0]
		l.MustAcquire(t)
		defer func() { _ = l.Release(context.Background()) }()
		l.note()
		l.keep()
		price := 2.0
		for range rapid.IntRange(3, 10).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"batch", "batch", "same", "begin", "end", "keep", "lose", "again"}).Draw(t, "step") {
			case "batch":
				price++
				fallthrough
			case "same":
				id := rapid.SampledFrom([]string{"100", "101", "102"}).Draw(t, "event")
				l.write(func() error {
					_, err := l.Apply(t.Context(), store.Batch{
						Events:    []odds.Event{storetest.Event(id, time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), id)},
						Snapshots: []odds.Snapshot{storetest.Capture(odds.BetPawa, id, id, map[string]float64{"a": price})},
					})
					return err
				})
			case "begin":
				l.write(func() error {
					l.cycle = uuid.Must(uuid.NewV7()).String()
					return l.BeginCycle(t.Context(), l.cycle, time.Now())
				})
			case "end":
				if l.cycle == "" {
					continue
				}
				l.write(func() error {
					_, err := l.EndCycle(t.Context(), store.Cycle{ID: l.cycle, Status: store.Succeeded})
					l.cycle = ""
					return err
				})
			case "keep":
				l.keep()
			case "lose":
				l.lose()
				losses++
				if rapid.Bool().Draw(t, "is asked") { // as a cache that is ahead makes it
					if _, err := l.Verify(t.Context()); errors.Is(err, lease.ErrNotWriter) {
						denied++
						l.again()
					}
				}
			case "again":
				l.again()
			}
		}
		l.write(func() error {
			_, err := l.Apply(t.Context(), store.Batch{Events: []odds.Event{storetest.Event("103", time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), "103")}})
			return err
		})
		l.again() // ends what is running
		if err := l.Release(context.Background()); err != nil {
			t.Fatalf("Release: %v", err)
		}
		head := l.Log().View()
		l.MustAcquire(t)
		if now := l.Log().View(); now.Digest != head.Digest || now.Entries != head.Entries {
			t.Fatalf("the log at %d has digest %x, %d entries; rebuilt at %d it has %x, %d", head.Head, head.Digest, head.Entries, now.Head, now.Digest, now.Entries)
		}
	})
	t.Logf("%d losses, %d noticed at once", losses, denied)
	if losses == 0 || denied == 0 {
		t.Error("the histories are too tame")
	}
}
