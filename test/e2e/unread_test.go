package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/services/cache"
	"github.com/oddscache/oddscache/test/cluster"
)

// unreadDrill is how the attack is made.
type unreadDrill struct {
	full                bool
	connections, each   int           // batches of 500 keys on each connection
	deadline            time.Duration // CACHE_SEND_TIMEOUT
	total               int64         // CACHE_MAX_UNREAD
	events              int
	quiet, during, most time.Duration // how long is measured, and what a lookup may take
}

// drill is the short form, or with FAULT_UNREAD=1 the whole one: the cache's defaults within 1 GB.
func drill() unreadDrill {
	if os.Getenv("FAULT_UNREAD") == "1" {
		return unreadDrill{
			full: true, connections: 50, each: 100, deadline: 30 * time.Second, total: 128 << 20, events: 200,
			quiet: 10 * time.Second, during: 20 * time.Second, most: 10 * time.Second,
		}
	}
	return unreadDrill{
		connections: 20, each: 50, deadline: 3 * time.Second, total: 32 << 20, events: 40,
		quiet: time.Second, during: 2 * time.Second, most: 10 * time.Second,
	}
}

// busyMachine is what a lookup may take in any case, for the attack comes from the machine that it is made on.
const busyMachine = 20 * time.Millisecond

// TestUnreadBatches asks for many batches and reads none of them, while somebody else looks things up.
func TestUnreadBatches(t *testing.T) { //nolint:paralleltest // it measures how long lookups take
	d := drill()
	w := world(t, func(c *sim.Config) {
		if d.full {
			c.Events, c.Offered = d.events, [3]int{d.events, d.events, d.events}
		}
	})
	p := processes(t, cluster.Config{Site: w.URL, Cache: func(c *cache.Config) { c.SendTimeout, c.MaxUnread = d.deadline, d.total }})
	p.StartScraper(t)
	startCacheWithin(t, p, d)
	resp := runCycle(t, p)
	p.Await(t, live, resp.GetCycle().GetRevision())
	ids := keys(t, p)

	before := memory(t, p)
	quiet := measure(t, p, ids, d.quiet)
	var attackers []*neverReads
	request := batchOf(ids, 500)
	for range d.connections {
		attackers = append(attackers, attack(t, p.Caches[0].Addr, request, d.each))
	}
	during := measure(t, p, ids, d.during)
	most := memory(t, p)
	t.Logf("lookups quiet %v, during %v; memory %d MB before, %d MB at most", quiet, during, before.Bytes>>20, most.PeakBytes>>20)
	unread, err := cluster.Metric(t.Context(), p.Caches[0].Admin, "oddscache_unread_response_bytes", "")
	if err != nil {
		t.Fatal(err)
	}
	rejected := 0
	for _, a := range attackers {
		rejected += a.rejectedSoFar()
	}
	t.Logf("%d of %d batches were refused; %.1f MB of %d MB are unread", rejected, d.connections*d.each, unread/(1<<20), d.total>>20)
	if unread > float64(d.total) || rejected < d.connections*d.each/2 {
		t.Errorf("%d batches were refused, %g bytes are unread", rejected, unread)
	}
	if d.full && during.p99 > max(5*quiet.p99, busyMachine) {
		t.Errorf("lookups take %v, without the attack %v", during, quiet)
	}
	if during.failed > 0 || during.slowest > d.most {
		t.Errorf("beside the attack: %v", during)
	}
	closedAll(t, p, attackers, d)
	p.Await(t, live, resp.GetCycle().GetRevision())
	t.Logf("memory afterwards: %d MB", memory(t, p).Bytes>>20)
}

// closedAll waits until every attacker's connection is closed and nothing is unread.
func closedAll(t *testing.T, p *cluster.Cluster, attackers []*neverReads, d unreadDrill) {
	t.Helper()
	late := time.After(2*d.deadline + 20*time.Second)
	for i, a := range attackers {
		select {
		case <-a.closed:
		case <-late:
			t.Fatalf("connection %d of somebody who never reads is open after %v", i, 2*d.deadline+20*time.Second)
		}
	}
	if !cluster.Poll(t, 20*time.Second, func() bool {
		unread, err := cluster.Metric(t.Context(), p.Caches[0].Admin, "oddscache_unread_response_bytes", "")
		return err == nil && unread < 100_000
	}) {
		t.Error("bytes are unread although nobody is there any more")
	}
	if closed, err := cluster.Metric(t.Context(), p.Caches[0].Admin, "oddscache_connections_stalled_total", ""); err != nil || closed < float64(len(attackers)) {
		t.Errorf("%v connections were closed, %v; want %d", closed, err, len(attackers))
	}
}

// startCacheWithin starts a cache within 1 GB, where the system lets us say so.
func startCacheWithin(t *testing.T, p *cluster.Cluster, d unreadDrill) {
	t.Helper()
	if err := p.Caches[0].Start("GOMEMLIMIT=900MiB"); err != nil {
		t.Fatal(err)
	}
	if !d.full {
		return
	}
	group, err := memoryGroup(1<<30, p.Caches[0].Process().PID())
	if err != nil {
		t.Logf("the cache has no hard limit: %v", err)
		return
	}
	t.Cleanup(func() {
		p.Caches[0].Kill()
		_ = os.Remove(group)
	})
}

// memoryGroup puts a process into a control group of its own with a limit of memory.
func memoryGroup(limit int64, pid int) (dir string, err error) {
	for _, v := range []struct{ root, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"},
	} {
		dir = filepath.Join(v.root, "oddscache-"+strconv.Itoa(pid))
		if err = os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		err = os.WriteFile(filepath.Join(dir, v.limit), []byte(strconv.FormatInt(limit, 10)), 0o600)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o600)
		}
		if err == nil {
			return dir, nil
		}
		_ = os.Remove(dir)
	}
	return "", fmt.Errorf("making a control group: %w", err)
}

// memory is what the cache's process needs.
func memory(t *testing.T, p *cluster.Cluster) cluster.Usage {
	t.Helper()
	usage, err := p.Caches[0].Process().Usage()
	if err != nil {
		t.Fatalf("the cache is gone: %v", err)
	}
	return usage
}

// keys are the ids of the events that the cache holds.
func keys(t *testing.T, p *cluster.Cluster) (ids []string) {
	t.Helper()
	page, err := p.Cache.ListEvents(t.Context(), &oddscachev1.ListEventsRequest{PageSize: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.GetEvents() {
		ids = append(ids, e.GetEvent().GetSrId())
	}
	return ids
}

// latency is how long lookups took.
type latency struct {
	p50, p99, slowest time.Duration
	count, failed     int
}

func (l latency) String() string {
	return fmt.Sprintf("%d: p50 %v, p99 %v, slowest %v, %d failed", l.count, l.p50, l.p99, l.slowest, l.failed)
}

// measure looks whole events up, 200 a second, for a while.
func measure(t *testing.T, p *cluster.Cluster, ids []string, during time.Duration) (l latency) {
	t.Helper()
	var mu sync.Mutex
	var all []time.Duration
	var callers sync.WaitGroup
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(during); time.Now().Before(until); <-tick.C {
		id := ids[l.count%len(ids)]
		l.count++
		callers.Go(func() { // each ends within the call's deadline
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			began := time.Now()
			_, err := p.Cache.GetEvent(ctx, &oddscachev1.GetEventRequest{Key: &oddscachev1.GetEventRequest_SrId{SrId: id}})
			mu.Lock()
			defer mu.Unlock()
			all = append(all, time.Since(began))
			if err != nil {
				l.failed++
				if l.failed < 5 {
					t.Logf("a lookup failed: %v", err)
				}
			}
		})
	}
	callers.Wait()
	slices.Sort(all)
	l.p50, l.p99, l.slowest = all[len(all)/2], all[len(all)*99/100], all[len(all)-1]
	return l
}
