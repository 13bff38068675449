package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

//go:embed migrations/*.sql
var migrations embed.FS

// MigrateOptions say what Migrate does beside the schema.
type MigrateOptions struct {
	// ScraperRole gets the least rights that the scraper needs: rows, and the functions that make and drop partitions
	// of the history, but no DDL. Empty when the scraper connects as the role that migrates. The role must exist.
	ScraperRole string
}

// Migrate brings the schema of the database at url to this version, with a row for every bookmaker of the registry. It
// may run from several processes at once and does nothing the second time. It connects, closes what it opens, and never puts
// url into an error.
func Migrate(ctx context.Context, url string, opts MigrateOptions, log *slog.Logger) (err error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// The driver's error quotes the URL, and with it what may be a password.
		return errors.New("reading the database's URL: it is not one that Postgres understands")
	}
	pool.Bound(config, Config{}.withDefaults().LeaseFor)
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()

	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("opening the migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("making the migrations' lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true), goose.WithSlog(log))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	log.InfoContext(ctx, "schema is up to date", "applied", len(results))

	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connecting to add the bookmakers: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	queries := dbsqlc.New(conn)
	if err := addBookmakers(ctx, queries); err != nil {
		return err
	}
	if opts.ScraperRole == "" {
		return nil
	}
	if err := queries.GrantScraper(ctx, opts.ScraperRole); err != nil {
		return fmt.Errorf("granting rights to role %q: %w", opts.ScraperRole, err)
	}
	log.InfoContext(ctx, "rights are granted", "role", opts.ScraperRole)
	return nil
}

// addBookmakers adds the registry's bookmakers that the table lacks. One that stands there under another number is an
// error: its number is in every row that was stored of it.
func addBookmakers(ctx context.Context, q *dbsqlc.Queries) error {
	var rows dbsqlc.AddBookmakersParams
	for _, b := range registry.All() {
		rows.BookmakerIds = append(rows.BookmakerIds, b.Number)
		rows.Bookmakers = append(rows.Bookmakers, string(b.Name))
	}
	if err := q.AddBookmakers(ctx, rows); err != nil {
		return fmt.Errorf("adding the bookmakers: %w", err)
	}
	_, err := listBookmakers(ctx, q)
	return err
}
