package faults

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/oddscache/oddscache/pkg/failpoint"
	"github.com/oddscache/oddscache/test/cluster"
)

// Fault is what one round does to the running system.
type Fault struct {
	Name string
	do   func(ctx context.Context, s *testbed) (reached bool, err error)
}

// reachWithin is how long a point may take to be reached under load.
const reachWithin = 12 * time.Second

// Faults are all there are: every point with a kill, some with a stop or a stall, processes, Postgres and wires.
func Faults(long time.Duration) []Fault {
	var all []Fault
	for i, p := range ScraperPoints() {
		if p == "store.commit_unknown" {
			continue // reached only when an answer is lost, see below
		}
		all = append(all, atScraper(p, failpoint.Kill, i%3+1, 0))
		if i%4 == 1 {
			all = append(all, atScraper(p, failpoint.Stop, i%3+1, 2*lease))
		}
		if i%4 == 3 {
			all = append(all, atScraper(p, failpoint.Stall+":2s", i%3+1, 0))
		}
	}
	for i, p := range CachePoints() {
		all = append(all, atCache(p, failpoint.Kill, i%2+1))
		if i%3 == 0 {
			all = append(all, atCache(p, failpoint.Stall+":4s", 1))
		}
	}
	all = append(all, commitUnknown("store.commit_unknown=kill", true), commitUnknown("", true), commitUnknown("", false))
	return append(all, plain(long)...)
}

// plain are faults at no point in particular.
func plain(long time.Duration) []Fault {
	leading := func(ctx context.Context, s *testbed) int { return max(0, s.leader(ctx)) }
	hold := func(ctx context.Context, p *Service, d time.Duration) {
		p.Signal(syscall.SIGSTOP)
		cluster.Pause(ctx, d)
		p.Signal(syscall.SIGCONT)
	}
	simple := func(name string, do func(context.Context, *testbed)) Fault {
		return Fault{name, func(ctx context.Context, s *testbed) (bool, error) { do(ctx, s); return true, nil }}
	}
	faults := []Fault{
		simple("kill the writer", func(ctx context.Context, s *testbed) { s.scrapers[leading(ctx, s)].Kill() }),
		simple("kill the standby", func(ctx context.Context, s *testbed) { s.scrapers[1-leading(ctx, s)].Kill() }),
		simple("kill both scrapers", func(_ context.Context, s *testbed) { s.scrapers[0].Kill(); s.scrapers[1].Kill() }),
		simple("kill a cache", func(_ context.Context, s *testbed) { s.caches[0].Kill() }),
		simple("kill both caches", func(_ context.Context, s *testbed) { s.caches[0].Kill(); s.caches[1].Kill() }),
		{"kill Postgres", func(_ context.Context, s *testbed) (bool, error) { return true, s.Server.Kill() }},
		{"kill Postgres and the writer", func(ctx context.Context, s *testbed) (bool, error) {
			s.scrapers[leading(ctx, s)].Kill()
			return true, s.Server.Kill()
		}},
		simple("stop the writer beyond its lease", func(ctx context.Context, s *testbed) { hold(ctx, s.scrapers[leading(ctx, s)], 2*lease) }),
		simple("stop the writer within its lease", func(ctx context.Context, s *testbed) { hold(ctx, s.scrapers[leading(ctx, s)], lease/2) }),
		simple("stop the writer for long", func(ctx context.Context, s *testbed) { hold(ctx, s.scrapers[leading(ctx, s)], long) }),
		simple("stop a cache for long", func(ctx context.Context, s *testbed) { hold(ctx, s.caches[1], long) }),
	}
	for _, w := range []struct {
		name string
		of   func(context.Context, *testbed) []*cluster.Proxy
	}{
		{"the writer and Postgres", func(ctx context.Context, s *testbed) []*cluster.Proxy {
			return []*cluster.Proxy{s.Scrapers[leading(ctx, s)].Database}
		}},
		{"a cache and the writer", func(ctx context.Context, s *testbed) []*cluster.Proxy {
			return []*cluster.Proxy{s.Caches[0].Feeds[leading(ctx, s)]}
		}},
		{"the caches and the scrapers", func(_ context.Context, s *testbed) []*cluster.Proxy { return s.feeds() }},
	} {
		each := func(ctx context.Context, s *testbed, do func(*cluster.Proxy)) {
			for _, p := range w.of(ctx, s) {
				do(p)
			}
		}
		faults = append(faults,
			simple("cut "+w.name, func(ctx context.Context, s *testbed) {
				for range 5 {
					each(ctx, s, (*cluster.Proxy).Cut)
					cluster.Pause(ctx, 200*time.Millisecond)
				}
			}),
			simple("half-open "+w.name, func(ctx context.Context, s *testbed) {
				each(ctx, s, (*cluster.Proxy).Freeze)
				cluster.Pause(ctx, 5*time.Second)
			}),
			simple("no answers between "+w.name, func(ctx context.Context, s *testbed) {
				each(ctx, s, (*cluster.Proxy).Hush)
				cluster.Pause(ctx, 3*time.Second)
			}),
			simple("slow "+w.name, func(ctx context.Context, s *testbed) {
				each(ctx, s, func(p *cluster.Proxy) { p.Slow(20 * time.Millisecond) })
				cluster.Pause(ctx, 4*time.Second)
			}))
	}
	return faults
}

// atScraper arms a point in the standby, kills the writer, and waits until the point acts in the one that takes over.
func atScraper(point, action string, visits int, stopped time.Duration) Fault {
	if point == "lease.before_take" || point == "lease.taken" || point == "lease.before_restore" || point == "lease.restored" ||
		point == "restore.before_read" || point == "restore.read" || point == "lead.before_serving" || point == "lead.serving" {
		visits = 1 // a takeover passes there once
	}
	name := fmt.Sprintf("%s at %s, visit %d", action, point, visits)
	return Fault{name, func(ctx context.Context, s *testbed) (bool, error) {
		writer := max(0, s.leader(ctx))
		next := s.scrapers[1-writer]
		next.Kill()
		if err := next.Start(fmt.Sprintf("%s=%s@%d", point, action, visits)); err != nil {
			return false, err
		}
		s.scrapers[writer].Kill()
		if point == "feed.mid_full" {
			s.caches[0].Kill() // it needs a full sync of whoever takes over
			if err := s.caches[0].Start(""); err != nil {
				return false, err
			}
		}
		if !reach(ctx, next, point, action == failpoint.Kill) {
			return false, nil
		}
		if stopped > 0 {
			if err := s.scrapers[writer].Start(""); err != nil { // it takes over from the stopped one
				return true, err
			}
			cluster.Pause(ctx, stopped)
			next.Signal(syscall.SIGCONT)
			cluster.Pause(ctx, lease/2)
		}
		if action != failpoint.Kill {
			cluster.Pause(ctx, 2*time.Second)
		}
		return true, nil
	}}
}

// atCache starts a cache anew with an armed point.
func atCache(point, action string, visits int) Fault {
	if point == "replica.full_begins" || point == "replica.before_swap" || point == "replica.after_swap" {
		visits = 1
	}
	return Fault{fmt.Sprintf("%s at %s, visit %d", action, point, visits), func(ctx context.Context, s *testbed) (bool, error) {
		c := s.caches[0]
		c.Kill()
		if err := c.Start(fmt.Sprintf("%s=%s@%d", point, action, visits)); err != nil {
			return false, err
		}
		reached := reach(ctx, c, point, action == failpoint.Kill)
		if reached && action != failpoint.Kill {
			cluster.Pause(ctx, 5*time.Second)
		}
		return reached, nil
	}}
}

// commitUnknown lets the answer to a commit be lost: done when only answers are lost, and not done when Postgres dies.
func commitUnknown(armed string, done bool) Fault {
	name := fmt.Sprintf("commit without an answer, done %v, then %q", done, armed)
	return Fault{name, func(ctx context.Context, s *testbed) (bool, error) {
		writer := max(0, s.leader(ctx))
		next := 1 - writer
		s.scrapers[next].Kill()
		if err := s.scrapers[next].Start("store.before_commit=stall:300ms@3;" + armed); err != nil {
			return false, err
		}
		s.scrapers[writer].Kill()
		if !reach(ctx, s.scrapers[next], "store.before_commit", false) {
			return false, nil
		}
		if !done {
			return true, s.Server.Kill()
		}
		s.Scrapers[next].Database.Hush()
		cluster.Pause(ctx, 500*time.Millisecond)
		s.Scrapers[next].Database.Cut()
		s.Scrapers[next].Database.Heal()
		if armed != "" {
			return reach(ctx, s.scrapers[next], "store.commit_unknown", true), nil
		}
		return true, nil
	}}
}

// reach waits until a point has acted, and until the process is gone if that kills it.
func reach(ctx context.Context, p *Service, point string, kills bool) bool {
	for deadline := time.Now().Add(reachWithin); time.Now().Before(deadline) && ctx.Err() == nil; cluster.Pause(ctx, 20*time.Millisecond) {
		if p.Acted(point) {
			if kills { // it says so before it dies
				select {
				case <-p.Process().Exited():
				case <-ctx.Done():
				}
			}
			return true
		}
		if !p.Alive() {
			cluster.Pause(ctx, 100*time.Millisecond) // what it wrote is still being read
			return p.Acted(point)
		}
	}
	return false
}
