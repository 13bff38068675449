package measure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/test/cluster"
)

// backendsCPU is what Postgres's backends that serve the scraper have used so far. Its pool keeps them for longer than a
// cycle.
func backendsCPU(ctx context.Context, c *cluster.Cluster) (sum time.Duration, err error) {
	conn, err := c.Connect(ctx, "")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, err := conn.Query(ctx, `SELECT pid FROM pg_stat_activity
		WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`)
	if err != nil {
		return 0, fmt.Errorf("listing the backends: %w", err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return 0, fmt.Errorf("listing the backends: %w", err)
	}
	for _, pid := range pids {
		usage, err := cluster.UsageOf(int(pid))
		if err != nil {
			return 0, fmt.Errorf("looking at a backend: %w", err)
		}
		sum += usage.CPU
	}
	return sum, nil
}

// backendCPU is what the backend of a connection has used so far.
func backendCPU(conn *pgx.Conn) (time.Duration, error) {
	usage, err := cluster.UsageOf(int(conn.PgConn().PID()))
	if err != nil {
		return 0, fmt.Errorf("looking at a backend: %w", err)
	}
	return usage.CPU, nil
}
