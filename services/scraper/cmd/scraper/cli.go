package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/obs"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
)

// cli is the command line.
type cli struct {
	Log logging `embed:"" envprefix:"SCRAPER_LOG_" group:"Logs:" prefix:"log-"`

	Serve       serve       `cmd:"" help:"Run cycles and serve the feed."`
	Migrate     migrate     `cmd:"" help:"Bring the database's schema to this version."`
	Healthcheck healthcheck `cmd:"" help:"Ask a running scraper for its health; exit 1 when it does not serve."`
}

// logging says how log lines are written.
type logging struct {
	Format obs.LogFormat `default:"text" enum:"text,json" env:"FORMAT" help:"text or json."`
	Level  string        `default:"info" enum:"debug,info,warn,error" env:"LEVEL" help:"debug, info, warn or error."`
}

func (l *logging) logger() (*slog.Logger, error) { return obs.NewLogger(os.Stderr, l.Format, l.Level) }

type serve struct {
	scraper.Config `embed:""`
}

// Run serves until the process is told to stop.
func (c *serve) Run(ctx context.Context, l *logging) error {
	log, err := l.logger()
	if err != nil {
		return err
	}
	app, err := scraper.New(ctx, c.Config, log)
	if err != nil {
		return err
	}
	return app.Run(ctx)
}

// AfterApply refuses a password on the command line. kong calls it.
func (c *serve) AfterApply(parsed *kong.Context) error { return refusePassword(parsed, &c.Database) }

type migrate struct {
	scraper.Database `embed:""`

	Role string `env:"SCRAPER_ROLE" help:"Role of the scraper that gets the least rights it needs; empty when it is the same one."`
}

// Run migrates once.
func (c *migrate) Run(ctx context.Context, l *logging) error {
	log, err := l.logger()
	if err != nil {
		return err
	}
	url, err := c.Resolve()
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	return scraper.Migrate(ctx, url, c.Role, log)
}

// AfterApply refuses a password on the command line. kong calls it.
func (c *migrate) AfterApply(parsed *kong.Context) error { return refusePassword(parsed, &c.Database) }

// errPasswordInFlag is all that is said: the value is not repeated.
var errPasswordInFlag = errors.New("database-url holds a password (as a flag it must not, since process lists show flags: " +
	"set SCRAPER_DATABASE_URL or SCRAPER_DATABASE_URL_FILE)")

// refusePassword refuses a password that came by a flag.
func refusePassword(parsed *kong.Context, d *scraper.Database) error {
	for _, part := range parsed.Path {
		if part.Flag != nil && part.Flag.Name == "database-url" && d.HasPassword() {
			return errPasswordInFlag
		}
	}
	return nil
}

type healthcheck struct {
	Address string        `default:"127.0.0.1:7401" env:"SCRAPER_LISTEN" help:"Where the scraper listens."`
	Cert    string        `env:"SCRAPER_TLS_CERT" help:"Certificate that the scraper shows, when it speaks TLS." name:"tls-cert"`
	Timeout time.Duration `default:"3s" help:"How long to wait for the answer."`
}

// Run asks once.
func (c *healthcheck) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	options, err := certs.HealthOptions(c.Cert)
	if err != nil {
		return err
	}
	if err := client.CheckHealth(ctx, c.Address, oddscachev1.ScraperService_ServiceDesc.ServiceName, options...); err != nil {
		return fmt.Errorf("asking %s: %w", c.Address, err)
	}
	return nil
}
