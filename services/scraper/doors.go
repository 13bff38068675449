package scraper

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/pkg/auth/certs"
	"github.com/oddscache/oddscache/pkg/auth/guard"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Rights is what each rpc of the gRPC port and each page of the admin port takes. What is not here is refused.
func Rights() map[string]guard.Right {
	return map[string]guard.Right{
		oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName: guard.Feed,

		oddscachev1.ScraperService_RunCycle_FullMethodName:            guard.Operate,
		oddscachev1.ScraperService_RefreshEvent_FullMethodName:        guard.Operate,
		oddscachev1.ScraperService_ListCycles_FullMethodName:          guard.Known,
		oddscachev1.ScraperService_GetCycle_FullMethodName:            guard.Known,
		oddscachev1.ScraperService_WatchProgress_FullMethodName:       guard.Known,
		oddscachev1.ScraperService_ListUnmappedMarkets_FullMethodName: guard.Known,
		oddscachev1.HistoryService_ListOddsHistory_FullMethodName:     guard.Known,
		oddscachev1.HistoryService_ListMarginHistory_FullMethodName:   guard.Known,
		oddscachev1.HistoryService_GetStorageStats_FullMethodName:     guard.Known,

		"/grpc.health.v1.Health/Check":                                   guard.Open,
		"/grpc.health.v1.Health/List":                                    guard.Open,
		"/grpc.health.v1.Health/Watch":                                   guard.Open,
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      guard.Known,
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": guard.Known,

		"/":             guard.Known,
		"/healthz":      guard.Open,
		"/readyz":       guard.Open,
		"/metrics":      guard.Known,
		"/debug/pprof/": guard.Operate,
	}
}

// maxLimit bounds the limits of streams and connections.
const maxLimit = 1_000_000

// doorProblems returns what is wrong with the settings of the ports, each with its field, value and limit.
func (c Config) doorProblems() []error {
	errs := c.TLS.Problems("tls-")
	for _, a := range []struct{ field, value string }{{"listen", c.Listen}, {"admin-listen", c.AdminListen}} {
		if err := guard.CheckListen(a.field, a.value, c.TLS.Enabled() || c.Insecure); err != nil {
			errs = append(errs, err)
		}
	}
	if c.TLS.Enabled() && c.TLS.ClientCA == "" {
		errs = append(errs, errors.New(
			"tls-client-ca is empty (must name the PEM file of the authority of caches' and operators' certificates)"))
	}
	for _, n := range []struct {
		field string
		value int
	}{
		{"max-streams", c.MaxStreams},
		{"max-connections", c.MaxConnections},
		{"max-connections-per-host", c.MaxConnectionsPerHost},
	} {
		if n.value < 0 || n.value > maxLimit {
			errs = append(errs, fmt.Errorf("%s is %d (must be 0, for the default, to %d)", n.field, n.value, maxLimit))
		}
	}
	return append(errs, c.unread().Problems()...)
}

// doors are the service's locks; nothing is locked without certs.
type doors struct {
	certs       *certs.Keeper
	grpc, admin *guard.Guard
}

// openDoors reads the files that the configuration names.
func openDoors(cfg Config, log *slog.Logger) (*doors, error) {
	d := &doors{}
	if !cfg.TLS.Enabled() {
		return d, nil
	}
	var err error
	if d.certs, err = certs.OpenServer("tls", cfg.TLS, log); err != nil {
		return nil, fmt.Errorf("opening the certificates of the ports: %w", err)
	}
	newGuard := func(port string) *guard.Guard {
		return guard.New(guard.Config{Port: port, Table: Rights(), Logger: log, Names: map[guard.Right][]string{
			guard.Feed: cfg.FeedClients, guard.Operate: cfg.Operators,
		}})
	}
	d.grpc, d.admin = newGuard("grpc"), newGuard("admin")
	return d, nil
}

// tls is for both listeners; nil means plaintext.
func (d *doors) tls() *tls.Config {
	if d.certs == nil {
		return nil
	}
	return d.certs.ServerConfig()
}

// pages guards the admin port.
func (d *doors) pages(next http.Handler) http.Handler {
	if d.admin == nil {
		return next
	}
	return d.admin.HTTP(next)
}

// register adds the metrics of what is locked.
func (d *doors) register(registry *prometheus.Registry) error {
	if d.certs == nil {
		return nil
	}
	for _, c := range []prometheus.Collector{d.certs, d.grpc, d.admin} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("registering the metrics of the doors: %w", err)
		}
	}
	return nil
}
