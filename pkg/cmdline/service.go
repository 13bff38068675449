package cmdline

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/obs"
	"github.com/oddscache/oddscache/pkg/obs/tracing"
	"github.com/oddscache/oddscache/pkg/rpc/client"
)

// Main is a service's main function: it runs the command that the command line names, with the process's traces around
// it, and ends the process with status 1 when that fails. SIGINT and SIGTERM end the command's context. The bindings are
// given to the command's Run, as kong does.
func Main(cli any, name, description string, bindings ...any) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	parsed := Parse(ctx, cli, name, description)
	err := tracing.Around(ctx, name, func() error { return parsed.Run(bindings...) })
	stop()
	if err != nil {
		parsed.Errorf("%v", err)
		os.Exit(1)
	}
}

// Logging says how log lines are written. Embed it with a prefix for its flags and one for its variables.
type Logging struct {
	Format obs.LogFormat `default:"text" enum:"text,json" env:"FORMAT" help:"text or json."`
	Level  string        `default:"info" enum:"debug,info,warn,error" env:"LEVEL" help:"debug, info, warn or error."`
}

// Logger returns a logger that writes to standard error.
func (l *Logging) Logger() (*slog.Logger, error) { return obs.NewLogger(os.Stderr, l.Format, l.Level) }

// Healthcheck are the settings of a command that checks a running service. Embed it with a prefix for its variables and
// two values that are set: "service", its name in the help, and "listen", its default address.
type Healthcheck struct {
	Address string        `default:"${listen}" env:"LISTEN" help:"Where the ${service} listens."`
	Cert    string        `env:"TLS_CERT" help:"Certificate that the ${service} shows, when it speaks TLS." name:"tls-cert"`
	Timeout time.Duration `default:"3s" help:"How long to wait for the answer."`
}

// Check asks once for the health of a gRPC service, such as "oddscache.v1.OddsCacheService". It returns nil when it
// serves. Over TLS it accepts the service's own certificate and no other.
func (h *Healthcheck) Check(ctx context.Context, service string) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	options, err := certs.HealthOptions(h.Cert)
	if err != nil {
		return err
	}
	if err := client.CheckHealth(ctx, h.Address, service, options...); err != nil {
		return fmt.Errorf("asking %s: %w", h.Address, err)
	}
	return nil
}
