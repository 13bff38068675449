package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/oddscache/oddscache/services/scraper"
	"github.com/oddscache/oddscache/test/cluster"
)

// Times of the event that is evicted: its kickoff is seen by a cycle before it passes, and it stays for the grace.
const (
	soon  = 6 * time.Second
	grace = time.Second
)

// testbed is the version's processes, and what stands between them.
type testbed struct {
	*cluster.Cluster

	tap  *tap
	wire *cluster.Proxy // between the cache and the tap
}

// start starts everything but the cache. What it returns with an error has to be closed too.
func start(ctx context.Context, bin string) (*testbed, error) {
	b := &testbed{}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return b, err
	}
	b.Cluster, err = cluster.New(ctx, cluster.Config{
		Binaries: cluster.BinariesIn(bin), Simulator: []string{"BOOKIESIM_EVENTS=40", "BOOKIESIM_STILL=true"},
		Scraper: func(c *scraper.Config) { c.Grace = grace }, Output: os.Stderr,
	})
	if err != nil {
		return b, err
	}
	if b.tap, err = newTap(b.Scrapers[0].Conn); err != nil {
		return b, err
	}
	if b.wire, err = cluster.NewProxy("tcp", "127.0.0.1:0", "tcp", b.tap.addr()); err != nil {
		return b, err
	}
	b.Caches[0].Config.Feed, b.Caches[0].Config.ReplicaID = b.wire.Addr().String(), "previous"
	return b, errors.Join(b.Simulator.Start(ctx), b.Scrapers[0].Start())
}

// evictable waits until what has kicked off has used up its grace.
func evictable(ctx context.Context) error {
	cluster.Pause(ctx, soon+2*grace)
	return ctx.Err()
}

// close kills what runs before it ends what stands between.
func (b *testbed) close() error {
	if b.Cluster == nil {
		return nil
	}
	for _, s := range b.Services() {
		s.Kill()
	}
	var errs []error
	if b.wire != nil {
		errs = append(errs, b.wire.Close())
	}
	if b.tap != nil {
		b.tap.close()
	}
	return errors.Join(append(errs, b.Close())...)
}
