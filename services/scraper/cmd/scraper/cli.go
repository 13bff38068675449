package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/oddscache/oddscache/pkg/cmdline"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
)

// cli is the command line.
type cli struct {
	Log cmdline.Logging `embed:"" envprefix:"SCRAPER_LOG_" group:"Logs:" prefix:"log-"`

	Serve       serve       `cmd:"" help:"Run cycles and serve the feed."`
	Migrate     migrate     `cmd:"" help:"Bring the database's schema to this version."`
	Healthcheck healthcheck `cmd:"" set:"service=scraper" help:"Ask a running scraper for its health; exit 1 when it does not serve."`
}

// newCLI makes a command line that knows the settings of every bookmaker.
func newCLI() *cli { return &cli{Serve: serve{scraper.DefaultConfig()}} }

type serve struct {
	scraper.Config `embed:""`
}

// Run serves until the process gets a signal to stop.
func (c *serve) Run(ctx context.Context, l *cmdline.Logging) error {
	log, err := l.Logger()
	if err != nil {
		return err
	}
	app, err := scraper.New(ctx, c.Config, log)
	if err != nil {
		return err
	}
	return app.Run(ctx)
}

// AfterApply rejects a password on the command line. kong calls it.
func (c *serve) AfterApply(parsed *kong.Context) error { return rejectPassword(parsed, &c.Database) }

type migrate struct {
	scraper.Database `embed:""`

	Role string `env:"SCRAPER_ROLE" help:"Role of the scraper that gets the least rights it needs; empty when it is the same one."`
}

// Run migrates once.
func (c *migrate) Run(ctx context.Context, l *cmdline.Logging) error {
	log, err := l.Logger()
	if err != nil {
		return err
	}
	url, err := c.Resolve()
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	return scraper.Migrate(ctx, url, c.Role, log)
}

// AfterApply rejects a password on the command line. kong calls it.
func (c *migrate) AfterApply(parsed *kong.Context) error { return rejectPassword(parsed, &c.Database) }

// errPasswordInFlag is all that is said: the value is not repeated.
var errPasswordInFlag = errors.New("database-url holds a password (as a flag it must not, since process lists show flags: " +
	"set SCRAPER_DATABASE_URL or SCRAPER_DATABASE_URL_FILE)")

// rejectPassword rejects a password that came by a flag.
func rejectPassword(parsed *kong.Context, d *scraper.Database) error {
	for _, part := range parsed.Path {
		if part.Flag != nil && part.Flag.Name == "database-url" && d.HasPassword() {
			return errPasswordInFlag
		}
	}
	return nil
}

type healthcheck struct {
	cmdline.Healthcheck `embed:"" envprefix:"SCRAPER_" set:"listen=127.0.0.1:7401"`
}

// Run asks once.
func (c *healthcheck) Run(ctx context.Context) error {
	return c.Check(ctx, oddscachev1.ScraperService_ServiceDesc.ServiceName)
}
