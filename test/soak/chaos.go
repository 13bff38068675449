package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/oddscache/oddscache/test/cluster"
)

// healed bounds the time that a fault may take to be over: a cache is live again, a scraper answers.
const healed = 60 * time.Second

// fault is something that happens to the running system. It returns when it is over.
type fault struct {
	name   string
	weight int
	do     func(ctx context.Context, s *testbed, rng *rand.Rand) error
}

// faults are all there are. One cache, cache-0, is never killed, only cut off: its memory is what a process needs that
// lives long. No two caches are away at a time, since somebody has to answer.
var faults = []fault{
	{"kill a cache", 4, func(ctx context.Context, s *testbed, rng *rand.Rand) error {
		c := 1 + rng.IntN(2)
		s.Caches[c].Kill()
		cluster.Pause(ctx, upTo(rng, 4*time.Second))
		return s.restartCache(ctx, c)
	}},
	{"stop a cache", 2, func(ctx context.Context, s *testbed, rng *rand.Rand) error {
		c := 1 + rng.IntN(2)
		if err := s.Caches[c].Stop(); err != nil {
			return err
		}
		return s.restartCache(ctx, c)
	}},
	{"kill a scraper", 4, func(ctx context.Context, s *testbed, rng *rand.Rand) error {
		p := s.Scrapers[rng.IntN(len(s.Scrapers))]
		p.Kill()
		cluster.Pause(ctx, upTo(rng, 4*time.Second))
		return p.Start()
	}},
	{"stop a scraper", 1, func(_ context.Context, s *testbed, rng *rand.Rand) error {
		p := s.Scrapers[rng.IntN(len(s.Scrapers))]
		if err := p.Stop(); err != nil {
			return err
		}
		return p.Start()
	}},
	{"cut clients from a cache", 5, func(_ context.Context, s *testbed, rng *rand.Rand) error {
		s.Caches[rng.IntN(len(s.Caches))].Front.Cut()
		return nil
	}},
	{"cut a cache from the scrapers", 4, func(_ context.Context, s *testbed, rng *rand.Rand) error {
		for _, p := range s.Caches[rng.IntN(len(s.Caches))].Feeds {
			p.Cut()
		}
		return nil
	}},
	{"freeze a cache's feed", 2, func(ctx context.Context, s *testbed, rng *rand.Rand) error {
		c := rng.IntN(len(s.Caches))
		for _, p := range s.Caches[c].Feeds {
			p.Freeze()
		}
		cluster.Pause(ctx, 2*time.Second+upTo(rng, 4*time.Second))
		for _, p := range s.Caches[c].Feeds {
			p.Heal()
		}
		return nil
	}},
	{"cut a scraper from Postgres", 3, func(_ context.Context, s *testbed, rng *rand.Rand) error {
		s.Scrapers[rng.IntN(len(s.Scrapers))].Database.Cut()
		return nil
	}},
	{"kill Postgres", 1, func(ctx context.Context, s *testbed, rng *rand.Rand) error {
		if err := s.Server.Kill(); err != nil {
			return fmt.Errorf("killing Postgres: %w", err)
		}
		cluster.Pause(ctx, upTo(rng, 3*time.Second))
		if err := s.Server.Restart(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("restarting Postgres: %w", err)
		}
		return nil
	}},
}

func upTo(rng *rand.Rand, d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }

// restartCache starts a cache and waits until it is as good as the others.
func (s *testbed) restartCache(ctx context.Context, c int) error {
	if err := s.Caches[c].Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healed)
	defer cancel()
	return s.live(ctx, c)
}

// happened is when faults began and ended.
type happened struct {
	mu     sync.Mutex // guards what follows
	events []incident
}

type incident struct {
	name     string
	at, over time.Time
}

// between names what began in a time.
func (h *happened) between(from, to time.Time) (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if !e.at.Before(from) && e.at.Before(to) {
			names = append(names, e.name)
		}
	}
	return names
}

// counts is how often each fault happened, and the longest time until it was over.
func (h *happened) counts() (map[string]int, map[string]time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, longest := make(map[string]int), make(map[string]time.Duration)
	for _, e := range h.events {
		n[e.name]++
		longest[e.name] = max(longest[e.name], e.over.Sub(e.at))
	}
	return n, longest
}

// chaos lets faults happen, one after another, until ctx ends. Its error says that a fault did not heal.
func chaos(ctx context.Context, s *testbed, h *happened) error {
	rng := rand.New(rand.NewPCG(s.opts.seed, 2))
	sum := 0
	for _, f := range faults {
		sum += f.weight
	}
	for cluster.Pause(ctx, s.opts.faultEvery); ctx.Err() == nil; cluster.Pause(ctx, s.opts.faultEvery/2+upTo(rng, s.opts.faultEvery)) {
		k, roll := 0, rng.IntN(sum)
		for roll >= faults[k].weight {
			roll -= faults[k].weight
			k++
		}
		logf("fault: %s", faults[k].name)
		began := time.Now()
		if err := faults[k].do(ctx, s, rng); err != nil {
			return fmt.Errorf("%s: %w", faults[k].name, err)
		}
		h.mu.Lock()
		h.events = append(h.events, incident{faults[k].name, began, time.Now()})
		h.mu.Unlock()
	}
	return nil
}
