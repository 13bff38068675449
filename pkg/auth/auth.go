// Package auth opens what secures a service's ports: certificates, tokens and the guards that decide by them.
//
// The parts are packages of their own: certs and tokens read files and say who a caller is, guard decides what a caller
// may do, reload reads the files again when they change.
package auth

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/credentials"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
)

// Config says how a service is secured. The zero value leaves everything open and in plaintext.
type Config struct {
	// TLS encrypts the gRPC port and the admin port, and guards the pages of the latter.
	TLS certs.ServerFiles
	// ClientTLS is for the connection to another service. Empty means plaintext.
	ClientTLS certs.ClientFiles
	// Tokens is the file of tokens. Empty means that nobody has one.
	Tokens string

	// GuardRPCs guards the gRPC port too: by the certificates of callers, by their tokens, or both, as Rights says.
	GuardRPCs bool
	// Rights is what each rpc and each page takes; see guard.Config.
	Rights map[string]guard.Right
	// Names are the names of certificates that have a right.
	Names map[guard.Right][]string
	// Cost is how many lookups of a token's rate a unary request takes. Nil means one each.
	Cost func(request any) int
}

// Security is what secures one service. Use Open; Run keeps it current. Its methods may be called by several goroutines.
type Security struct {
	server, client *certs.Keeper
	tokens         *tokens.Tokens
	rpcs, pages    *guard.Guard
}

// Open reads the files that the configuration names.
func Open(cfg Config, log *slog.Logger) (*Security, error) {
	s := &Security{}
	var err error
	if cfg.TLS.Enabled() {
		if s.server, err = certs.OpenServer("tls", cfg.TLS, log); err != nil {
			return nil, fmt.Errorf("opening the certificates of the ports: %w", err)
		}
	}
	if cfg.ClientTLS.Enabled() {
		if s.client, err = certs.OpenClient("feed_tls", cfg.ClientTLS, log); err != nil {
			return nil, fmt.Errorf("opening the certificates of the feed: %w", err)
		}
	}
	if cfg.Tokens != "" {
		if s.tokens, err = tokens.Open(cfg.Tokens, log); err != nil {
			return nil, fmt.Errorf("opening the tokens: %w", err)
		}
	}
	newGuard := func(port string) *guard.Guard {
		return guard.New(guard.Config{
			Port: port, Table: cfg.Rights, Names: cfg.Names, Tokens: s.tokens, Cost: cfg.Cost, Logger: log,
		})
	}
	if cfg.TLS.Enabled() {
		s.pages = newGuard("admin")
	}
	if cfg.GuardRPCs {
		s.rpcs = newGuard("grpc")
	}
	return s, nil
}

// TLS returns the settings of both listeners; nil means plaintext.
func (s *Security) TLS() *tls.Config {
	if s.server == nil {
		return nil
	}
	return s.server.ServerConfig()
}

// ClientCredentials are for the connection to the other service; nil means plaintext.
func (s *Security) ClientCredentials() credentials.TransportCredentials {
	if s.client == nil {
		return nil
	}
	return s.client.ClientCredentials()
}

// RPCs returns the guard of the gRPC port; nil means that everybody may call everything.
func (s *Security) RPCs() *guard.Guard { return s.rpcs }

// Pages returns next behind the guard of the admin port, or next itself when that port is open.
func (s *Security) Pages(next http.Handler) http.Handler {
	if s.pages == nil {
		return next
	}
	return s.pages.HTTP(next)
}

// Register adds the metrics of certificates, tokens and guards.
func (s *Security) Register(registry prometheus.Registerer) error {
	var all []prometheus.Collector
	for _, k := range s.keepers() {
		all = append(all, k)
	}
	if s.tokens != nil {
		all = append(all, s.tokens)
	}
	for _, g := range []*guard.Guard{s.rpcs, s.pages} {
		if g != nil {
			all = append(all, g)
		}
	}
	for _, c := range all {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("registering the metrics of certificates, tokens and guards: %w", err)
		}
	}
	return nil
}

// Run reads the files again when they change, until ctx ends. It returns nil then.
func (s *Security) Run(ctx context.Context) error {
	var group errgroup.Group
	for _, k := range s.keepers() {
		group.Go(func() error { return k.Run(ctx) })
	}
	if s.tokens != nil {
		group.Go(func() error { return s.tokens.Run(ctx) })
	}
	return group.Wait() //nolint:wrapcheck // it is nil
}

// keepers are the certificates that are in use.
func (s *Security) keepers() []*certs.Keeper {
	var all []*certs.Keeper
	for _, k := range []*certs.Keeper{s.server, s.client} {
		if k != nil {
			all = append(all, k)
		}
	}
	return all
}
