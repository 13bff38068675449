package main

import (
	"context"
	"fmt"
	"os"

	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/cmdline"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache"
)

// cli is the command line.
type cli struct {
	Log cmdline.Logging `embed:"" envprefix:"CACHE_LOG_" group:"Logs:" prefix:"log-"`

	Serve       serve       `cmd:"" help:"Follow the feed and answer lookups."`
	Healthcheck healthcheck `cmd:"" set:"service=cache" help:"Ask a running cache for its health; exit 1 when it does not serve."`
	Token       token       `cmd:"" help:"Make a token for lookups, and the line that allows it."`
}

// serve is the command that runs the service. Its flags are the fields of the configuration.
type serve struct {
	cache.Config `embed:""`
}

// Run serves until the process is told to stop.
func (c *serve) Run(ctx context.Context, l *cmdline.Logging) error {
	log, err := l.Logger()
	if err != nil {
		return err
	}
	app, err := cache.New(ctx, c.Config, log)
	if err != nil {
		return err
	}
	return app.Run(ctx)
}

// healthcheck is the command that containers run to find out whether the service serves.
type healthcheck struct {
	cmdline.Healthcheck `embed:"" envprefix:"CACHE_" set:"listen=127.0.0.1:7400"`
}

// Run asks once.
func (c *healthcheck) Run(ctx context.Context) error {
	return c.Check(ctx, oddscachev1.OddsCacheService_ServiceDesc.ServiceName)
}

// token is the command that makes a token.
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
