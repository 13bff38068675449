// Package rig sets up what a benchmark of whole cycles needs: a private Postgres with fsync and synchronous_commit
// on, the simulated bookmakers, the scraper and a cache, each the real binary in a process of its own, as they run in
// production.
//
// It is not for measuring, nor for tests: those have the packages pair and process.
package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/process"
)

// database is the name of the scraper's database.
const database = "oddscache"

// Options say what is simulated.
type Options struct {
	Events  int     // upcoming events; 0 for the 1,291 of the real profile
	Latency float64 // factor on the measured latencies
	Log     io.Writer
}

// Rig is what runs. Close ends it.
type Rig struct {
	Simulator Simulator
	Scraper   oddscachev1.ScraperServiceClient
	Cache     oddscachev1.OddsCacheServiceClient

	opts     Options
	dir      string
	server   *postgres.Server
	sim      *Process
	scraper  *Process
	cache    *Process
	conns    []*grpc.ClientConn
	scraping string // the scraper's address
	caching  string // the cache's address
	admin    string // the scraper's admin address
}

// Start builds the binaries and starts Postgres and the simulator; scraper and cache are started by StartPair.
func Start(ctx context.Context, opts Options) (_ *Rig, err error) {
	r := &Rig{opts: opts}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if r.dir, err = os.MkdirTemp("", "oddscache-benchcycle-"); err != nil {
		return nil, fmt.Errorf("making a folder for binaries: %w", err)
	}
	if err := build(ctx, r.dir); err != nil {
		return nil, err
	}
	// A server of its own with Postgres's own defaults for memory and WAL, and nothing switched off.
	r.server, err = postgres.Start(ctx, postgres.Options{Install: true, Settings: map[string]string{
		"fsync": "on", "synchronous_commit": "on", "shared_buffers": "128MB", "max_wal_size": "1GB", "min_wal_size": "80MB",
	}})
	if err != nil {
		return nil, fmt.Errorf("starting Postgres: %w", err)
	}
	if err := r.CreateDatabase(ctx, database); err != nil {
		return nil, err
	}
	for _, addr := range []*string{&r.Simulator.addr, &r.scraping, &r.caching, &r.admin} {
		if *addr, err = process.FindAddr(ctx); err != nil {
			return nil, err
		}
	}
	return r, r.startSimulator(ctx)
}

func (r *Rig) startSimulator(ctx context.Context) (err error) {
	env := []string{
		"BOOKIESIM_LISTEN=" + r.Simulator.addr, "BOOKIESIM_PROFILE=real", "BOOKIESIM_STILL=true", "BOOKIESIM_LIMITS=true",
		"BOOKIESIM_LATENCY=" + strconv.FormatFloat(r.opts.Latency, 'f', -1, 64),
	}
	if r.opts.Events > 0 {
		env = append(env, "BOOKIESIM_EVENTS="+strconv.Itoa(r.opts.Events))
	}
	if r.sim, err = launch(r.dir, "bookiesim", r.opts.Log, nil, env...); err != nil {
		return err
	}
	return await(ctx, "simulator", func() error { return r.Simulator.Freeze(ctx) })
}

// CreateDatabase makes an empty database and brings it to the scraper's schema.
func (r *Rig) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, r.server.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connecting to Postgres: %w", err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("making the database %s: %w", name, err)
	}
	migrate, err := launch(r.dir, "scraper", r.opts.Log, []string{"migrate"}, "SCRAPER_DATABASE_URL="+r.server.URL(name))
	if err != nil {
		return err
	}
	<-migrate.exited
	if migrate.err != nil {
		return fmt.Errorf("migrating the database %s: %w", name, migrate.err)
	}
	return nil
}

// CopyDatabase makes a database that holds what the scraper's does, while nobody is connected to that.
func (r *Rig) CopyDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, r.server.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connecting to Postgres: %w", err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE "+database)
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	return nil
}

// Connect connects to a database of the rig; the caller closes it.
func (r *Rig) Connect(ctx context.Context, name string) (*pgx.Conn, error) {
	if name == "" {
		name = database
	}
	conn, err := pgx.Connect(ctx, r.server.URL(name))
	if err != nil {
		return nil, fmt.Errorf("connecting to the database %s: %w", name, err)
	}
	return conn, nil
}

// BackendsCPU is what Postgres's backends that serve the scraper have used so far. Its pool keeps them for longer than a
// cycle.
func (r *Rig) BackendsCPU(ctx context.Context) (sum time.Duration, err error) {
	conn, err := r.Connect(ctx, "")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, err := conn.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend' AND pid <> pg_backend_pid()", database)
	if err != nil {
		return 0, fmt.Errorf("listing the backends: %w", err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return 0, fmt.Errorf("listing the backends: %w", err)
	}
	for _, pid := range pids {
		cpu, err := cpuOf(int(pid))
		if err != nil {
			return 0, fmt.Errorf("reading a backend's CPU time: %w", err)
		}
		sum += cpu
	}
	return sum, nil
}

// BackendCPU is what the backend of a connection has used so far.
func BackendCPU(conn *pgx.Conn) (time.Duration, error) {
	cpu, err := cpuOf(int(conn.PgConn().PID()))
	if err != nil {
		return 0, fmt.Errorf("reading a backend's CPU time: %w", err)
	}
	return cpu, nil
}

// Feed is the scraper's address.
func (r *Rig) Feed() string { return r.scraping }

// Admin is the address of the scraper's metrics and profiles.
func (r *Rig) Admin() string { return r.admin }

// ScraperUsage is what the running scraper has used.
func (r *Rig) ScraperUsage() (Usage, error) { return r.scraper.Usage() }

// SimulatorUsage is what the simulator has used.
func (r *Rig) SimulatorUsage() (Usage, error) { return r.sim.Usage() }

// Close ends everything and removes what is temporary.
func (r *Rig) Close() error {
	errs := []error{r.StopPair()}
	if r.sim != nil {
		errs = append(errs, r.sim.Stop())
	}
	if r.server != nil {
		errs = append(errs, r.server.Stop())
	}
	if r.dir != "" {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}

func (r *Rig) dial(addr string) (*grpc.ClientConn, error) {
	conn, err := client.New(addr, client.Options{MaxRecvBytes: 64 << 20})
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", addr, err)
	}
	r.conns = append(r.conns, conn)
	return conn, nil
}

// await asks until there is no error, within a minute.
func await(ctx context.Context, what string, ask func() error) error {
	deadline := time.Now().Add(time.Minute)
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waiting for the %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the %s: %w", what, context.Cause(ctx))
		case <-time.After(2 * time.Millisecond):
		}
	}
}
