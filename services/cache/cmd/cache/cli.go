package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/oddscache/oddscache/pkg/obs"
	"github.com/oddscache/oddscache/pkg/rpcclient"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
)

// cli is the command line.
type cli struct {
	Log logging `embed:"" envprefix:"CACHE_LOG_" prefix:"log-"`

	Serve       serve       `cmd:"" help:"Follow the feed and answer lookups."`
	Healthcheck healthcheck `cmd:"" help:"Ask a running cache for its health; exit 1 when it does not serve."`
}

// logging says how log lines are written.
type logging struct {
	Format obs.LogFormat `default:"text" enum:"text,json" env:"FORMAT" help:"text or json."`
	Level  string        `default:"info" env:"LEVEL" help:"debug, info, warn or error."`
}

func (l *logging) logger() (*slog.Logger, error) { return obs.NewLogger(os.Stderr, l.Format, l.Level) }

type serve struct {
	cache.Config `embed:""`
}

// Run serves until the process is told to stop.
func (c *serve) Run(ctx context.Context, l *logging) error {
	log, err := l.logger()
	if err != nil {
		return err
	}
	app, err := cache.New(ctx, c.Config, log)
	if err != nil {
		return err
	}
	return app.Run(ctx)
}

type healthcheck struct {
	Address string        `default:"127.0.0.1:7400" env:"CACHE_LISTEN" help:"Where the cache listens."`
	Timeout time.Duration `default:"3s" help:"How long to wait for the answer."`
}

// Run asks once.
func (c *healthcheck) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if err := rpcclient.CheckHealth(ctx, c.Address, oddscachev1.OddsCacheService_ServiceDesc.ServiceName); err != nil {
		return fmt.Errorf("asking %s: %w", c.Address, err)
	}
	return nil
}
