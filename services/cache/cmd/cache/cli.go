package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/obs"
	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
)

// cli is the command line.
type cli struct {
	Log logging `embed:"" envprefix:"CACHE_LOG_" group:"Logs:" prefix:"log-"`

	Serve       serve       `cmd:"" help:"Follow the feed and answer lookups."`
	Healthcheck healthcheck `cmd:"" help:"Ask a running cache for its health; exit 1 when it does not serve."`
	Token       token       `cmd:"" help:"Make a token for lookups, and the line that allows it."`
}

// logging says how log lines are written.
type logging struct {
	Format obs.LogFormat `default:"text" enum:"text,json" env:"FORMAT" help:"text or json."`
	Level  string        `default:"info" enum:"debug,info,warn,error" env:"LEVEL" help:"debug, info, warn or error."`
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
	Cert    string        `env:"CACHE_TLS_CERT" help:"Certificate that the cache shows, when it speaks TLS." name:"tls-cert"`
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
	if err := client.CheckHealth(ctx, c.Address, oddscachev1.OddsCacheService_ServiceDesc.ServiceName, options...); err != nil {
		return fmt.Errorf("asking %s: %w", c.Address, err)
	}
	return nil
}

type token struct {
	Name string `arg:"" help:"Who it is for; one word, seen in metrics and errors."`
}

// Run prints the token, which is kept nowhere, and the line for the file of tokens. They go to different places, so that
// "cache token NAME >NAME.token 2>>tokens" keeps them apart.
func (c *token) Run() error {
	text, line, err := tokens.New(c.Name)
	if err != nil {
		return fmt.Errorf("making a token: %w", err)
	}
	fmt.Fprintln(os.Stdout, text)
	fmt.Fprintln(os.Stderr, line)
	return nil
}
