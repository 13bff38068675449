package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/services/scraper"
)

// database is the name of the scraper's database on a private server.
const database = "oddscache"

// Migrate brings a database to the present schema, such as a test's template.
func Migrate(ctx context.Context, url string) error {
	return scraper.Migrate(ctx, url, "", slog.New(slog.DiscardHandler))
}

// startPostgres starts a private server with the scraper's database.
func (c *Cluster) startPostgres(ctx context.Context) (err error) {
	if c.Server, err = postgres.Start(ctx, postgres.Options{Settings: c.config.Postgres}); err != nil {
		return fmt.Errorf("starting Postgres: %w", err)
	}
	c.DatabaseURL = c.Server.URL(database)
	return c.CreateDatabase(ctx, database)
}

// CreateDatabase makes another database with the schema on the private server.
func (c *Cluster) CreateDatabase(ctx context.Context, name string) error {
	if err := c.execute(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return err
	}
	if c.config.Binaries != nil {
		return c.config.Binaries.Migrate(ctx, c.Server.URL(name))
	}
	return Migrate(ctx, c.Server.URL(name))
}

// CopyDatabase makes another database that holds what the scraper's does, while nobody is connected to that.
func (c *Cluster) CopyDatabase(ctx context.Context, name string) error {
	return c.execute(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE "+database)
}

// execute runs a statement about the private server's databases.
func (c *Cluster) execute(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, c.Server.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connecting to Postgres: %w", err)
	}
	_, err = conn.Exec(ctx, sql)
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// Connect connects to the scraper's database, past its proxies, or to another one on the private server. The caller
// closes the connection.
func (c *Cluster) Connect(ctx context.Context, name string) (*pgx.Conn, error) {
	target := c.DatabaseURL
	if name != "" {
		target = c.Server.URL(name)
	}
	conn, err := pgx.Connect(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("connecting to the database: %w", err)
	}
	return conn, nil
}

// proxyDatabase puts a proxy before a server that listens on a socket, and returns the database's URL through it. The
// proxy's socket lies in a folder of the given name below dir.
func proxyDatabase(direct, dir, name string) (*Proxy, string, error) {
	u, err := url.Parse(direct)
	if err != nil {
		return nil, "", fmt.Errorf("reading the database's url: %w", err)
	}
	query := u.Query()
	from, socket := query.Get("host"), ".s.PGSQL."+query.Get("port")
	dir = filepath.Join(dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, "", fmt.Errorf("making a socket's folder: %w", err)
	}
	p, err := NewProxy("unix", filepath.Join(dir, socket), "unix", filepath.Join(from, socket))
	if err != nil {
		return nil, "", err
	}
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	return p, u.String(), nil
}
