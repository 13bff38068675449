// Package guard decides who may call what. A service has one table, from each rpc and each page of its admin port to
// the right that it takes; rights come from the certificate that a caller shows, or from a token. What is not in the
// table is rejected.
//
// Rights do not include each other: an operator may not follow the feed. A guard reads no files and knows no method by
// itself: certificates are kept by pkg/auth/certs, tokens by pkg/auth/tokens.
package guard

import (
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/oddscache/oddscache/pkg/auth/tokens"
)

// Right is what an rpc or a page takes.
type Right string

// The rights.
const (
	// Open is for everybody who gets to the port.
	Open Right = "open"
	// Token is for callers with a token that the file lists.
	Token Right = "token"
	// Known is for callers with any certificate that the service's authorities signed.
	Known Right = "known"
	// Feed is for certificates with a name of those who follow the feed.
	Feed Right = "feed"
	// Operate is for certificates with a name of those who start cycles and take profiles.
	Operate Right = "operate"
)

// Config says what a guard goes by.
type Config struct {
	// Port tells guards of one service apart in the metrics: "grpc" or "admin".
	Port string
	// Table is the right that each rpc takes by its full name ("/oddscache.v1.ScraperService/RunCycle") and each page
	// by its path; a path that ends in a slash stands for all below it.
	Table map[string]Right
	// Names are the names of certificates that have a right: URIs or DNS names, compared whole.
	Names map[Right][]string
	// Tokens are those of the right Token. Nil when nobody has it.
	Tokens *tokens.Tokens
	// Cost is how many lookups of the token's rate a unary request takes. Nil means 1 each.
	Cost func(request any) int
	// Logger gets at most a line a second about who was rejected.
	Logger *slog.Logger
}

// Guard lets callers in or rejects them. Use New. Its methods may be called by several goroutines.
type Guard struct {
	cfg      Config
	rejected *prometheus.CounterVec
	logSome  rate.Sometimes
}

// New makes a guard.
func New(cfg Config) *Guard {
	g := &Guard{cfg: cfg, logSome: rate.Sometimes{Interval: time.Second}}
	if g.cfg.Cost == nil {
		g.cfg.Cost = func(any) int { return 1 }
	}
	g.rejected = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oddscache_refused_total", Help: "Calls and pages that were rejected because of who the caller is, by reason.",
		ConstLabels: prometheus.Labels{"port": cfg.Port},
	}, []string{"reason"})
	for _, reason := range Reasons() {
		g.rejected.WithLabelValues(reason)
	}
	return g
}

// Names are the names that have a right by certificate.
func (g *Guard) Names(r Right) []string { return g.cfg.Names[r] }

// byName decides about a caller with a certificate of the given names, which may be none; nil stands for no certificate.
func (g *Guard) byName(what string, right Right, names []string) error {
	if names == nil {
		return ErrNoCertificate
	}
	allowed := g.cfg.Names[right]
	if right == Known || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(allowed, n) }) {
		return nil
	}
	return &DeniedError{What: what, Right: right, Names: names}
}

// count counts and logs a rejection, and returns it.
func (g *Guard) count(what, peer string, err error) error {
	reason := reasonOf(err)
	g.rejected.WithLabelValues(reason).Inc()
	g.logSome.Do(func() {
		g.cfg.Logger.Warn("rejected a caller", "requested", what, "reason", reason, "error", err, "peer", peer)
	})
	return err
}

// Describe implements prometheus.Collector.
func (g *Guard) Describe(ch chan<- *prometheus.Desc) { g.rejected.Describe(ch) }

// Collect implements prometheus.Collector.
func (g *Guard) Collect(ch chan<- prometheus.Metric) { g.rejected.Collect(ch) }
