package standalone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres"
)

// errDatabaseEnded is why Run ends when the private Postgres does.
var errDatabaseEnded = errors.New("the private Postgres has ended by itself")

// database is where the scraper stores: a private server, or one that was given.
type database struct {
	url    string
	server *postgres.Server // nil when the database was given
}

// openDatabase starts a private Postgres, unless the configuration names a database.
func (s *session) openDatabase(ctx context.Context) (*database, error) {
	if s.cfg.DatabaseURL != "" {
		return &database{url: s.cfg.DatabaseURL}, nil
	}
	begin := time.Now()
	server, err := postgres.Start(ctx, postgres.Options{Dir: s.cfg.DataDir})
	if err != nil {
		return nil, fmt.Errorf("starting a private Postgres: %w", err)
	}
	s.display.Line(fmt.Sprintf("private Postgres started in %.1f s", time.Since(begin).Seconds()))
	return &database{url: server.URL("postgres"), server: server}, nil
}

// watch returns when ctx ends, or with an error when the private server does.
func (d *database) watch(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-d.server.Done():
		return errDatabaseEnded
	}
}

// close stops a private server.
func (d *database) close() error {
	if d.server == nil {
		return nil
	}
	if err := d.server.Stop(); err != nil {
		return fmt.Errorf("stopping the private Postgres: %w", err)
	}
	return nil
}
