package contestant

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/test/bench/load"
)

// NewPostgres starts a private Postgres and fills it with the answers, one row an event: the least that it can be
// asked for. Everything stays in its shared buffers.
func NewPostgres(ctx context.Context, responses Responses) (*Contestant, error) {
	c := &Contestant{Name: "Postgres, pgx"}
	server, err := postgres.Start(ctx, postgres.Options{Settings: map[string]string{"shared_buffers": "256MB"}})
	if err != nil {
		return nil, fmt.Errorf("starting Postgres: %w", err)
	}
	c.stop = append(c.stop, server.Stop)
	url := server.URL("postgres")
	pool, err := pgxpool.New(ctx, url+"&pool_max_conns="+strconv.Itoa(4*runtime.GOMAXPROCS(0)))
	if err != nil {
		return started(c, fmt.Errorf("opening the pool: %w", err))
	}
	c.stop = append(c.stop, func() error { pool.Close(); return nil })
	c.PIDs = func() []int { return backends(ctx, pool) }
	if err := fillPostgres(ctx, pool, responses); err != nil {
		return started(c, err)
	}
	events := len(responses[Full])
	one := func(query string) load.Call {
		return func(ctx context.Context, i int) (int, error) {
			var b []byte
			err := pool.QueryRow(ctx, query, i%events).Scan(&b)
			return len(b), err
		}
	}
	c.Calls = map[Shape]load.Call{
		Full:   one("SELECT answer FROM full_event WHERE id = $1"),
		Market: one("SELECT answer FROM one_market WHERE id = $1"),
		Batch:  postgresBatch(pool, events),
	}
	return c, nil
}

func postgresBatch(pool *pgxpool.Pool, events int) load.Call {
	return func(ctx context.Context, i int) (int, error) {
		ids := make([]int, BatchSize)
		for k := range ids {
			ids[k] = (i + k) % events
		}
		rows, err := pool.Query(ctx, "SELECT answer FROM full_event WHERE id = ANY($1)", ids)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		size := 0
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				return size, err
			}
			size += len(b)
		}
		return size, rows.Err()
	}
}

func fillPostgres(ctx context.Context, pool *pgxpool.Pool, responses Responses) error {
	for shape, table := range map[Shape]string{Full: "full_event", Market: "one_market"} {
		// Compression would cost the reader time; content of this size is stored beside its row either way.
		create := "CREATE TABLE " + table + " (id int PRIMARY KEY, answer bytea NOT NULL); ALTER TABLE " + table + " ALTER answer SET STORAGE EXTERNAL"
		if _, err := pool.Exec(ctx, create); err != nil {
			return fmt.Errorf("making table %s: %w", table, err)
		}
		for i, b := range responses[shape] {
			if _, err := pool.Exec(ctx, "INSERT INTO "+table+" VALUES ($1, $2)", i, b); err != nil {
				return fmt.Errorf("filling table %s: %w", table, err)
			}
		}
		if _, err := pool.Exec(ctx, "VACUUM ANALYZE "+table); err != nil {
			return fmt.Errorf("vacuuming table %s: %w", table, err)
		}
	}
	return nil
}

// backends are the server's processes: the children of the one that our own connection's process is a child of.
func backends(ctx context.Context, pool *pgxpool.Pool) []int {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var own int
	if err := pool.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&own); err != nil {
		return nil
	}
	parent := parentOf(own)
	all, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if pid == parent || parentOf(pid) == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parentOf is a process's parent, 0 when it cannot be told.
func parentOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// freePort is a loopback port that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = l.Close() }() // it was not used
	addr, _ := l.Addr().(*net.TCPAddr)
	return addr.Port, nil
}
