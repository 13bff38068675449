package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/oddsclient"
	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/benchcycle/rig"
	"github.com/oddscache/oddscache/test/proxy"
)

// Settings that make a run of minutes show what happens in days.
const (
	lease = 3 * time.Second
	grace = 20 * time.Second
)

// stand is everything that runs. Whoever makes it closes it.
type stand struct {
	opts options
	dir  string // binaries and sockets
	logs string

	postgres  *postgres.Server
	url       string // of the database, without a proxy
	simulator rig.Simulator
	sim       *service
	scrapers  [2]*service
	caches    [3]*service
	front     [3]*proxy.Proxy    // clients to each cache
	feeds     [3][2]*proxy.Proxy // each cache to each scraper
	toDB      [2]*proxy.Proxy    // each scraper to Postgres

	client  *oddsclient.Client // through the fronts, as a consumer's
	scraper oddscachev1.ScraperServiceClient
	direct  [3]oddscachev1.OddsCacheServiceClient // to one cache each, past its front
	conns   []*grpc.ClientConn
}

// newStand builds the binaries and starts everything. What it returns with an error has to be closed too.
func newStand(ctx context.Context, o options) (*stand, error) {
	s := &stand{opts: o, logs: o.logs}
	var err error
	if s.dir, err = os.MkdirTemp("", "oddscache-soak-"); err != nil {
		return s, fmt.Errorf("making a folder: %w", err)
	}
	if s.logs == "" {
		s.logs = s.dir
	}
	if err := os.MkdirAll(s.logs, 0o755); err != nil {
		return s, fmt.Errorf("making a folder for logs: %w", err)
	}
	for name, pkg := range map[string]string{
		"scraper": "services/scraper/cmd/scraper", "cache": "services/cache/cmd/cache", "bookiesim": "services/bookiesim/cmd/bookiesim",
	} {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(s.dir, name), "github.com/oddscache/oddscache/"+pkg)
		if out, err := build.CombinedOutput(); err != nil {
			return s, fmt.Errorf("building %s: %w\n%s", name, err, out)
		}
	}
	if s.postgres, err = postgres.Start(ctx, postgres.Options{Install: true}); err != nil {
		return s, fmt.Errorf("starting Postgres: %w", err)
	}
	s.url = s.postgres.URL("postgres")
	migrate := exec.CommandContext(ctx, filepath.Join(s.dir, "scraper"), "migrate")
	migrate.Env = append(os.Environ(), "SCRAPER_DATABASE_URL="+s.url)
	if out, err := migrate.CombinedOutput(); err != nil {
		return s, fmt.Errorf("migrating the database: %w\n%s", err, out)
	}
	if err := s.startSimulator(ctx); err != nil {
		return s, err
	}
	if err := s.wireScrapers(); err != nil {
		return s, err
	}
	if err := s.wireCaches(); err != nil {
		return s, err
	}
	for _, p := range s.services() {
		if err := p.start(); err != nil {
			return s, err
		}
	}
	return s, nil
}

// services are the pair's processes.
func (s *stand) services() []*service {
	return append(s.scrapers[:len(s.scrapers):len(s.scrapers)], s.caches[:]...)
}

// startSimulator starts the bookmakers and waits for them. Nothing but kickoffs happens to events by itself.
func (s *stand) startSimulator(ctx context.Context) error {
	addr, err := free()
	if err != nil {
		return err
	}
	s.simulator = rig.SimulatorAt(addr)
	s.sim, err = newService(s.logs, "bookiesim", filepath.Join(s.dir, "bookiesim"), addr, "", nil, "BOOKIESIM_LISTEN="+addr,
		fmt.Sprint("BOOKIESIM_EVENTS=", s.opts.events), fmt.Sprint("BOOKIESIM_SEED=", s.opts.seed),
		"BOOKIESIM_TICK="+s.opts.interval.String(), "BOOKIESIM_LATENCY=0", "BOOKIESIM_STILL=true")
	if err != nil {
		return err
	}
	if err := s.sim.start(); err != nil {
		return err
	}
	for {
		_, err := s.simulator.State(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// connect connects to an address or a comma list of them.
func (s *stand) connect(target string) (*grpc.ClientConn, error) {
	conn, err := client.New(target, client.Options{MaxRecvBytes: 64 << 20})
	if err == nil {
		s.conns = append(s.conns, conn)
	}
	return conn, err
}

// database connects to Postgres; the caller closes the connection.
func (s *stand) database(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return nil, fmt.Errorf("connecting to Postgres: %w", err)
	}
	return conn, nil
}

// complaints are lines of the processes' output that must never be written.
func (s *stand) complaints() ([]string, error) {
	var found []string
	for _, p := range s.services() {
		text, err := os.ReadFile(p.log.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the log of %s: %w", p.name, err)
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
func (s *stand) close() error {
	var errs []error
	if s.client != nil {
		errs = append(errs, s.client.Close())
	}
	for _, c := range s.conns {
		errs = append(errs, c.Close())
	}
	for _, p := range append(s.services(), s.sim) {
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	for _, p := range append(append(s.front[:], s.toDB[:]...), flat(s.feeds)...) {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

func flat(feeds [3][2]*proxy.Proxy) (all []*proxy.Proxy) {
	for _, f := range feeds {
		all = append(all, f[:]...)
	}
	return all
}
