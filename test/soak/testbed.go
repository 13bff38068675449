package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oddscache/oddscache/pkg/oddsclient"
	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// Settings that make a run of minutes show what happens in days.
const (
	lease = 3 * time.Second
	grace = 20 * time.Second
)

// testbed is everything that runs, and a consumer's client. Whoever makes it closes it.
type testbed struct {
	*cluster.Cluster

	opts     options
	logs     string
	dir      string // of logs that nobody wants to keep
	binaries *cluster.Binaries
	client   *oddsclient.Client // through the caches' fronts
}

// newTestbed builds the binaries and starts everything. What it returns with an error has to be closed too. Nothing but
// kickoffs and moving odds happens to events by itself.
func newTestbed(ctx context.Context, o options) (*testbed, error) {
	s := &testbed{opts: o, logs: o.logs}
	var err error
	if s.binaries, err = cluster.NewBinaries(); err != nil {
		return s, err
	}
	if s.logs == "" {
		if s.dir, err = os.MkdirTemp("", "oddscache-soak-"); err != nil {
			return s, fmt.Errorf("making a folder: %w", err)
		}
		s.logs = s.dir
	}
	if err := os.MkdirAll(s.logs, 0o755); err != nil {
		return s, fmt.Errorf("making a folder for logs: %w", err)
	}
	s.Cluster, err = cluster.New(ctx, cluster.Config{
		Binaries: s.binaries, Scrapers: 2, Caches: 3, Proxies: true, Logs: s.logs,
		Simulator: []string{
			fmt.Sprint("BOOKIESIM_EVENTS=", o.events), fmt.Sprint("BOOKIESIM_SEED=", o.seed), "BOOKIESIM_TICK=" + o.interval.String(),
			"BOOKIESIM_LATENCY=0", "BOOKIESIM_STILL=true",
		},
		Scraper: func(c *scraper.Config) {
			c.Interval, c.LeaseFor, c.Grace = o.interval, lease, grace
			for _, b := range c.EachBookmaker() {
				b.Spacing = 2 * time.Millisecond
			}
		},
	})
	if err != nil {
		return s, err
	}
	var fronts []string
	for _, c := range s.Caches {
		fronts = append(fronts, c.Front.Addr().String())
	}
	if s.client, err = oddsclient.New(strings.Join(fronts, ","), oddsclient.Options{Streams: 6}); err != nil {
		return s, err
	}
	return s, s.Start(ctx)
}

// live waits until a cache is live.
func (s *testbed) live(ctx context.Context, cache int) error {
	_, err := s.Caches[cache].Await(ctx, cluster.Live, 0)
	return err
}

// complaints are lines of the processes' output that must never be written.
func (s *testbed) complaints() ([]string, error) {
	var found []string
	for _, p := range s.Services() {
		text, err := os.ReadFile(filepath.Join(s.logs, p.Name+".log"))
		if err != nil {
			return nil, fmt.Errorf("reading the log of %s: %w", p.Name, err)
		}
		for line := range strings.Lines(string(text)) {
			for _, bad := range []string{"panic:", "DATA RACE", "DIGEST_MISMATCH", "BAD_ENTRY", "PROTOCOL", "reason=GAP", "history was lost"} {
				if strings.Contains(line, bad) {
					found = append(found, strings.TrimSpace(line))
				}
			}
		}
	}
	return found, nil
}

// close ends everything that was started, clients first.
func (s *testbed) close() error {
	var errs []error
	if s.client != nil {
		errs = append(errs, s.client.Close())
	}
	if s.Cluster != nil {
		errs = append(errs, s.Close())
	}
	if s.binaries != nil {
		errs = append(errs, s.binaries.Close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}
