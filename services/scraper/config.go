// Package scraper reads the odds of BetPawa and its competitors, maps them, keeps them in Postgres and streams every
// change. It exports what it takes to run one: Config, New, Run; and Migrate for its database.
//
// It is not for lookups: those are the cache's.
package scraper

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
)

// Config is everything that can be set. Flags and environment variables come from its tags.
type Config struct {
	Database `embed:"" group:"Database:"`

	Listen      string `default:"127.0.0.1:7401" env:"SCRAPER_LISTEN" group:"Ports:" help:"Address of the gRPC services." name:"listen"`
	AdminListen string `default:"127.0.0.1:7411" env:"SCRAPER_ADMIN_LISTEN" group:"Ports:" help:"Address of metrics, health and pprof over HTTP." name:"admin-listen"`

	Interval    time.Duration `default:"5m" env:"SCRAPER_INTERVAL" group:"Cycles:" help:"Time between the starts of cycles; 0 runs them only on request." name:"interval"`
	Grace       time.Duration `default:"2h" env:"SCRAPER_GRACE" group:"Cycles:" help:"How long after kickoff an event stays." name:"grace"`
	Deadline    time.Duration `default:"15m" env:"SCRAPER_CYCLE_DEADLINE" group:"Cycles:" help:"A cycle that takes longer is cancelled." name:"cycle-deadline"`
	Stall       time.Duration `default:"2m" env:"SCRAPER_CYCLE_STALL" group:"Cycles:" help:"A cycle in which nothing was fetched or stored for so long is cancelled." name:"cycle-stall"`
	WaitTimeout time.Duration `default:"500ms" env:"SCRAPER_PATIENCE" group:"Cycles:" help:"How long an event waits for a bookmaker that is backed off." name:"patience"`

	BatchEvents int           `default:"100" env:"SCRAPER_BATCH_EVENTS" group:"Cycles:" help:"Events stored in one transaction at most." name:"batch-events"`
	BatchAge    time.Duration `default:"1500ms" env:"SCRAPER_BATCH_AGE" group:"Cycles:" help:"How long the first event of a batch waits for more. Each batch costs a transaction; each second makes odds a second older." name:"batch-age"`

	// Bookmakers are the settings of each bookmaker, under its name: see Config.Bookmaker.
	Bookmakers kong.Plugins `embed:"" group:"Bookmakers:"`

	RequestTimeout time.Duration `default:"10s" env:"SCRAPER_REQUEST_TIMEOUT" group:"Bookmakers:" help:"Bound of one request to a bookmaker." name:"request-timeout"`

	LeaseFor         time.Duration `default:"15s" env:"SCRAPER_LEASE" group:"Lease and history:" help:"How long the writer's lease lasts without a renewal: what a takeover waits for." name:"lease"`
	Holder           string        `env:"SCRAPER_HOLDER" group:"Lease and history:" help:"Name of this process in the lease; host and process id by default." name:"holder"`
	HistoryRetention time.Duration `default:"336h" env:"SCRAPER_HISTORY_RETENTION" group:"Lease and history:" help:"How long the history of odds is kept, in whole days." name:"history-retention"`

	StopGrace time.Duration `default:"20s" env:"SCRAPER_STOP_GRACE" group:"Ports:" help:"How long a stop waits for what is under way." name:"stop-grace"`

	MaxStreams            int `default:"250" env:"SCRAPER_MAX_STREAMS" group:"Ports:" help:"How many calls and streams one connection may have under way." name:"max-streams"`
	MaxConnections        int `default:"4096" env:"SCRAPER_MAX_CONNECTIONS" group:"Ports:" help:"How many connections may be open at the same time." name:"max-connections"`
	MaxConnectionsPerHost int `default:"128" env:"SCRAPER_MAX_CONNECTIONS_PER_HOST" group:"Ports:" help:"How many of them may come from one address." name:"max-connections-per-host"`

	// Responses are memory of their own here, pages of history above all.
	MaxUnread              int64         `default:"134217728" env:"SCRAPER_MAX_UNREAD" group:"Ports:" help:"Memory that responses may take which their callers have not read yet; calls beyond are rejected." name:"max-unread"`
	MaxUnreadPerConnection int64         `default:"16777216" env:"SCRAPER_MAX_UNREAD_PER_CONNECTION" group:"Ports:" help:"The same of one connection." name:"max-unread-per-connection"`
	SendTimeout            time.Duration `default:"30s" env:"SCRAPER_SEND_TIMEOUT" group:"Ports:" help:"How long a caller may read nothing of a response before the connection is closed." name:"send-timeout"`

	// With TLS every rpc but health takes a client certificate, and some of them one of these names.
	TLS         certs.ServerFiles `embed:"" envprefix:"SCRAPER_TLS_" group:"TLS:" prefix:"tls-"`
	FeedClients []string          `default:"spiffe://oddscache/cache" env:"SCRAPER_TLS_FEED_CLIENTS" group:"TLS:" help:"Names (URI or DNS) of client certificates that may follow the feed." name:"tls-feed-clients"`
	Operators   []string          `default:"spiffe://oddscache/operator" env:"SCRAPER_TLS_OPERATORS" group:"TLS:" help:"Names (URI or DNS) of client certificates that may start cycles, refresh events and take profiles." name:"tls-operators"`
	// Insecure allows to listen for others without TLS, inside of a network that is trusted.
	Insecure bool `env:"SCRAPER_INSECURE" group:"TLS:" help:"Listen beyond loopback without TLS." name:"insecure"`

	// Clock is the machine's clock, for tests that set it wrong; nil is time.Now. It cannot be set from outside.
	Clock func() time.Time `json:"-" kong:"-"`
}

// DefaultConfig is what the tags say, for programs that do not parse flags.
func DefaultConfig() Config {
	return Config{
		Listen: "127.0.0.1:7401", AdminListen: "127.0.0.1:7411",
		Interval: 5 * time.Minute, Grace: 2 * time.Hour, Deadline: 15 * time.Minute, Stall: 2 * time.Minute,
		WaitTimeout: 500 * time.Millisecond, BatchEvents: 100, BatchAge: 1500 * time.Millisecond,
		Bookmakers:     bookmakerSettings(),
		RequestTimeout: 10 * time.Second, LeaseFor: 15 * time.Second, HistoryRetention: 14 * 24 * time.Hour,
		StopGrace: 20 * time.Second,

		MaxStreams: server.DefaultMaxStreams, MaxConnections: server.DefaultMaxConnections,
		MaxConnectionsPerHost: server.DefaultMaxConnectionsPerHost,
		MaxUnread:             unread.DefaultTotal, MaxUnreadPerConnection: unread.DefaultPerConnection,
		SendTimeout: unread.DefaultDeadline,
		FeedClients: []string{guard.DefaultCache}, Operators: []string{guard.DefaultOperator},
	}
}

// unread is the limits of what callers leave unread.
func (c Config) unread() unread.Limits {
	return unread.Limits{Total: c.MaxUnread, PerConnection: c.MaxUnreadPerConnection, Deadline: c.SendTimeout}
}

// Validate reports everything that is wrong at once, each with its field, value and limit.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.DatabaseURL == "" && c.DatabaseURLFile == "" {
		bad("database-url is empty (must name a Postgres database, here or in the file that database-url-file names)")
	}
	if c.Listen == "" {
		bad("listen is empty (must be an address such as 127.0.0.1:7401)")
	}
	errs = append(errs, c.portProblems()...)
	if c.Interval < 0 || c.Interval > 24*time.Hour {
		bad("interval is %v (must be 0 to 24h)", c.Interval)
	}
	if c.BatchEvents < 1 || c.BatchEvents > 1000 {
		bad("batch-events is %d (must be 1 to 1000)", c.BatchEvents)
	}
	for _, d := range []struct {
		field    string
		value    time.Duration
		min, max time.Duration
	}{
		{"grace", c.Grace, time.Second, 7 * 24 * time.Hour},
		{"cycle-deadline", c.Deadline, time.Second, 24 * time.Hour},
		{"cycle-stall", c.Stall, time.Second, time.Hour},
		{"patience", c.WaitTimeout, 0, time.Minute},
		{"batch-age", c.BatchAge, time.Millisecond, time.Minute},
		{"request-timeout", c.RequestTimeout, 10 * time.Millisecond, 10 * time.Minute},
		{"lease", c.LeaseFor, 100 * time.Millisecond, 10 * time.Minute},
		{"history-retention", c.HistoryRetention, 24 * time.Hour, 366 * 24 * time.Hour},
		{"stop-grace", c.StopGrace, time.Second, 10 * time.Minute},
	} {
		if d.value < d.min || d.value > d.max {
			bad("%s is %v (must be %v to %v)", d.field, d.value, d.min, d.max)
		}
	}
	errs = append(errs, c.bookmakerProblems()...)
	return errors.Join(errs...)
}

// holder is the name in the lease.
func (c Config) holder() string {
	if c.Holder != "" {
		return c.Holder
	}
	host, err := os.Hostname()
	if err != nil {
		host = "scraper"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}
