// Command balancer spreads connections over all addresses of a name. See package balancer.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/oddscache/oddscache/pkg/balancer"
)

// cli is the command line.
type cli struct {
	Serve       serve       `cmd:"" help:"Pass connections on."`
	Healthcheck healthcheck `cmd:"" help:"Connect to a running balancer and to a backend; exit 1 when either does not answer."`
}

type serve struct {
	Listen         string `default:"127.0.0.1:7400" env:"BALANCER_LISTEN" help:"Address for clients."`
	To             string `env:"BALANCER_TO" help:"Name and port of the backends." required:""`
	MaxConnections int    `default:"4096" env:"BALANCER_MAX_CONNECTIONS" help:"Connections at a time; further ones wait."`
}

// Run serves until the process is told to stop.
func (c *serve) Run(ctx context.Context) error {
	b, err := balancer.New(ctx, balancer.Config{
		Listen: c.Listen, To: c.To, MaxConnections: c.MaxConnections, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	return b.Run(ctx)
}

type healthcheck struct {
	Listen  string        `default:"127.0.0.1:7400" env:"BALANCER_LISTEN" help:"Where the balancer listens."`
	To      string        `env:"BALANCER_TO" help:"Name and port of the backends." required:""`
	Timeout time.Duration `default:"3s" help:"How long to wait."`
}

// Run connects once to each. An address of all interfaces is dialled over loopback, as the net package does.
func (c *healthcheck) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	for _, addr := range []string{c.Listen, c.To} {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return fmt.Errorf("connecting to %s: %w", addr, err)
		}
		_ = conn.Close()
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	var cli cli
	parsed := kong.Parse(&cli, kong.Name("balancer"), kong.Description("One address in front of several caches."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	err := parsed.Run()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "balancer:", err)
		os.Exit(1)
	}
}
