// Package cache holds the newest odds of every upcoming event in memory, follows the scraper's feed and answers
// lookups.
//
// It exports what it takes to run the service in a process: Config, New and Run. The parts are in internal: replica follows
// the feed and writes into store, which api reads; watch and frame are between store and api, and metrics shows all of it.
// Nothing is stored: what a cache holds is rebuilt from the feed at every start, and it depends on no database.
package cache

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
)

// Config is everything that can be set. The zero values of durations mean their defaults.
type Config struct {
	// Feed is where the scrapers are: a comma list of host:port, or one DNS name that has several addresses. One of
	// them is the writer; the others send the cache on.
	Feed string `default:"127.0.0.1:7401" env:"CACHE_FEED" group:"Feed:" help:"Addresses of the scrapers: a comma list of host:port, or a DNS name." name:"feed"`
	// Listen is where lookups are answered; port 0 lets the system choose.
	Listen string `default:"127.0.0.1:7400" env:"CACHE_LISTEN" group:"Ports:" help:"Address of the gRPC service." name:"listen"`
	// AdminListen is where metrics, profiles and health are served over HTTP. It is a private address.
	AdminListen string `default:"127.0.0.1:7410" env:"CACHE_ADMIN_LISTEN" group:"Ports:" help:"Address of metrics, health and pprof over HTTP." name:"admin-listen"`
	// ReplicaID names this cache to the scraper, for its logs and metrics.
	ReplicaID string `env:"CACHE_REPLICA_ID" group:"Feed:" help:"Name of this cache in the scraper's logs; host name, process and port by default." name:"replica-id"`
	// StopGrace bounds the time that calls under way get when the service stops; then they are cut.
	StopGrace time.Duration `default:"8s" env:"CACHE_STOP_GRACE" group:"Ports:" help:"How long calls under way may take when the service stops." name:"stop-grace"`
	// MaxConnectionAge closes connections that are older, so that clients find new replicas; a shorter one costs more
	// handshakes. 0 lets them live.
	MaxConnectionAge time.Duration `default:"30m" env:"CACHE_MAX_CONNECTION_AGE" group:"Ports:" help:"Connections of clients are closed after this time, so that they spread over replicas; 0 for never." name:"max-connection-age"`
	// MaxWatches bounds the watches that are open at the same time; more are rejected. A watch costs a goroutine, what
	// the transport holds for its stream, and a message a second.
	MaxWatches int `default:"1000" env:"CACHE_MAX_WATCHES" group:"Ports:" help:"How many watches may be open at the same time." name:"max-watches"`
	// MaxStreams bounds the calls and streams under way on one connection; a client that has more waits.
	MaxStreams int `default:"250" env:"CACHE_MAX_STREAMS" group:"Ports:" help:"How many calls and streams one connection may have under way." name:"max-streams"`
	// MaxUnread and MaxUnreadPerConnection bound the memory of responses that callers have not read, beside the cache's own: a
	// batch of 500 whole events takes 300 kB, the 25 MB that it sends are the cache's. 0 is the default, here and below.
	MaxUnread              int64         `default:"134217728" env:"CACHE_MAX_UNREAD" group:"Ports:" help:"Memory that responses may take which their callers have not read yet; calls beyond are rejected." name:"max-unread"`
	MaxUnreadPerConnection int64         `default:"16777216" env:"CACHE_MAX_UNREAD_PER_CONNECTION" group:"Ports:" help:"The same of one connection." name:"max-unread-per-connection"`
	SendTimeout            time.Duration `default:"30s" env:"CACHE_SEND_TIMEOUT" group:"Ports:" help:"How long a caller may read nothing of a response before the connection is closed." name:"send-timeout"`
	// MaxConnections and MaxConnectionsPerHost bound the connections that are open; more are closed at once.
	MaxConnections        int `default:"4096" env:"CACHE_MAX_CONNECTIONS" group:"Ports:" help:"How many connections may be open at the same time." name:"max-connections"`
	MaxConnectionsPerHost int `default:"128" env:"CACHE_MAX_CONNECTIONS_PER_HOST" group:"Ports:" help:"How many of them may come from one address." name:"max-connections-per-host"`

	// TLS encrypts both ports. Without it nothing but loopback is listened on, unless Insecure is set.
	TLS certs.ServerFiles `embed:"" envprefix:"CACHE_TLS_" group:"TLS and tokens:" prefix:"tls-"`
	// Operators are the names of certificates that may take profiles on the admin port; its metrics are for any
	// certificate of the client CA's.
	Operators []string `default:"spiffe://oddscache/operator" env:"CACHE_TLS_OPERATORS" group:"TLS and tokens:" help:"Names (URI or DNS) of client certificates that may take profiles." name:"tls-operators"`
	// FeedTLS is for the connection to the scrapers.
	FeedTLS certs.ClientFiles `embed:"" envprefix:"CACHE_FEED_TLS_" group:"Feed:" prefix:"feed-tls-"`
	// Tokens is the file of those who may look things up. Everybody may when it is empty.
	Tokens string `env:"CACHE_TOKENS" group:"TLS and tokens:" help:"File of the bearer tokens that lookups need; without it they need none." name:"tokens"`
	// Insecure allows to listen for others without TLS, inside of a network that is trusted.
	Insecure bool `env:"CACHE_INSECURE" group:"TLS and tokens:" help:"Listen beyond loopback without TLS." name:"insecure"`

	// Tracing makes spans of rpcs. It costs some allocations a lookup even when nothing is sampled.
	Tracing bool `env:"CACHE_TRACING" group:"Observing:" help:"Make OpenTelemetry spans of rpcs." name:"tracing"`
}

// DefaultConfig is what the tags say, for programs that do not parse flags.
func DefaultConfig() Config {
	return Config{
		Feed: "127.0.0.1:7401", Listen: "127.0.0.1:7400", AdminListen: "127.0.0.1:7410",
		StopGrace: 8 * time.Second, MaxConnectionAge: 30 * time.Minute, MaxWatches: 1000,
		MaxStreams: server.DefaultMaxStreams, MaxConnections: server.DefaultMaxConnections,
		MaxUnread: unread.DefaultTotal, MaxUnreadPerConnection: unread.DefaultPerConnection,
		SendTimeout:           unread.DefaultDeadline,
		MaxConnectionsPerHost: server.DefaultMaxConnectionsPerHost, Operators: []string{guard.DefaultOperator},
	}
}

// maxReplicaID bounds the name, in bytes, as the feed does.
const maxReplicaID = 200

// unread is the limits of what callers leave unread.
func (c Config) unread() unread.Limits {
	return unread.Limits{Total: c.MaxUnread, PerConnection: c.MaxUnreadPerConnection, Deadline: c.SendTimeout}
}

// Validate reports everything that is wrong at once, each with its field, value and limit.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Feed == "" {
		bad("feed is empty (must be the scrapers' addresses, such as 127.0.0.1:7401)")
	}
	for _, a := range []struct{ field, value string }{{"listen", c.Listen}, {"admin-listen", c.AdminListen}} {
		if _, _, err := net.SplitHostPort(a.value); err != nil {
			bad("%s is %q (must be host:port)", a.field, a.value)
			continue
		}
		if err := guard.CheckListen(a.field, a.value, c.TLS.Enabled() || c.Insecure); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, c.TLS.Problems("tls-")...)
	errs = append(errs, c.FeedTLS.Problems("feed-tls-")...)
	if len(c.ReplicaID) > maxReplicaID {
		bad("replica-id has %d bytes (must be at most %d)", len(c.ReplicaID), maxReplicaID)
	}
	if c.StopGrace < 0 || c.StopGrace > 10*time.Minute {
		bad("stop-grace is %v (must be 0 to 10m)", c.StopGrace)
	}
	if c.MaxConnectionAge < 0 {
		bad("max-connection-age is %v (must not be negative)", c.MaxConnectionAge)
	}
	if c.MaxWatches < 0 {
		bad("max-watches is %d (must not be negative)", c.MaxWatches)
	}
	errs = append(errs, server.LimitProblems(c.MaxStreams, c.MaxConnections, c.MaxConnectionsPerHost)...)
	errs = append(errs, c.unread().Problems()...)
	return errors.Join(errs...)
}

// replicaID is the configured name, else one that tells processes of one host apart.
func (c Config) replicaID(addr net.Addr) string {
	if c.ReplicaID != "" {
		return c.ReplicaID
	}
	host, err := os.Hostname()
	if err != nil {
		host = "cache"
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		port = addr.String()
	}
	id := host + "/" + strconv.Itoa(os.Getpid()) + "/" + cmp.Or(port, "cache")
	return id[max(0, len(id)-maxReplicaID):]
}
