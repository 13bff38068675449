package cache

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/credentials"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/api"
)

// Rights is what each rpc of the gRPC port and each page of the admin port takes. What is not here is refused.
func Rights() map[string]guard.Right {
	return map[string]guard.Right{
		oddscachev1.OddsCacheService_GetEvent_FullMethodName:                guard.Token,
		oddscachev1.OddsCacheService_LookupEvents_FullMethodName:            guard.Token,
		oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName:          guard.Token,
		oddscachev1.OddsCacheService_ListEvents_FullMethodName:              guard.Token,
		oddscachev1.OddsCacheService_ResolveCompetitorEvents_FullMethodName: guard.Token,
		oddscachev1.OddsCacheService_WatchEvents_FullMethodName:             guard.Token,
		oddscachev1.OddsCacheService_GetStats_FullMethodName:                guard.Token,

		"/grpc.health.v1.Health/Check":                                   guard.Open,
		"/grpc.health.v1.Health/List":                                    guard.Open,
		"/grpc.health.v1.Health/Watch":                                   guard.Open,
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      guard.Token,
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": guard.Token,

		"/":             guard.Known,
		"/healthz":      guard.Open,
		"/readyz":       guard.Open,
		"/metrics":      guard.Known,
		"/debug/pprof/": guard.Operate,
	}
}

// doors are the service's locks. What is nil is not locked.
type doors struct {
	server, feed *certs.Keeper
	tokens       *tokens.Tokens
	lookups      *guard.Guard // of the gRPC port
	admin        *guard.Guard // of the admin port
}

// openDoors reads the files that the configuration names.
func openDoors(cfg Config, log *slog.Logger) (*doors, error) {
	d := &doors{}
	var err error
	if cfg.TLS.Enabled() {
		if d.server, err = certs.OpenServer("tls", cfg.TLS, log); err != nil {
			return nil, fmt.Errorf("opening the certificates of the ports: %w", err)
		}
		d.admin = guard.New(guard.Config{
			Port: "admin", Table: Rights(), Names: map[guard.Right][]string{guard.Operate: cfg.Operators}, Logger: log,
		})
	}
	if cfg.FeedTLS.Enabled() {
		if d.feed, err = certs.OpenClient("feed_tls", cfg.FeedTLS, log); err != nil {
			return nil, fmt.Errorf("opening the certificates of the feed: %w", err)
		}
	}
	if cfg.Tokens != "" {
		if d.tokens, err = tokens.Open(cfg.Tokens, log); err != nil {
			return nil, fmt.Errorf("opening the tokens: %w", err)
		}
		d.lookups = guard.New(guard.Config{Port: "grpc", Table: Rights(), Tokens: d.tokens, Cost: api.Cost, Logger: log})
	}
	return d, nil
}

// tls is for both listeners; nil means plaintext.
func (d *doors) tls() *tls.Config {
	if d.server == nil {
		return nil
	}
	return d.server.ServerConfig()
}

// pages guards the admin port.
func (d *doors) pages(next http.Handler) http.Handler {
	if d.admin == nil {
		return next
	}
	return d.admin.HTTP(next)
}

// collectors are the metrics of what is locked.
func (d *doors) collectors() []prometheus.Collector {
	var all []prometheus.Collector
	for _, k := range []*certs.Keeper{d.server, d.feed} {
		if k != nil {
			all = append(all, k)
		}
	}
	if d.tokens != nil {
		all = append(all, d.tokens)
	}
	for _, g := range []*guard.Guard{d.lookups, d.admin} {
		if g != nil {
			all = append(all, g)
		}
	}
	return all
}

// feedCredentials are for the connection to the scrapers; nil means plaintext.
func (d *doors) feedCredentials() credentials.TransportCredentials {
	if d.feed == nil {
		return nil
	}
	return d.feed.ClientCredentials()
}

// watches read the files again when they change. Each blocks until its context ends.
func (d *doors) watches() []func(context.Context) error {
	var all []func(context.Context) error
	for _, k := range []*certs.Keeper{d.server, d.feed} {
		if k != nil {
			all = append(all, k.Run)
		}
	}
	if d.tokens != nil {
		all = append(all, d.tokens.Run)
	}
	return all
}
