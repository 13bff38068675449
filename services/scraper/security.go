package scraper

import (
	"errors"
	"log/slog"

	"github.com/oddscache/oddscache/pkg/auth"
	"github.com/oddscache/oddscache/pkg/auth/guard"
	"github.com/oddscache/oddscache/pkg/rpc/server"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Rights is what each rpc of the gRPC port and each page of the admin port takes. What is not here is rejected.
func Rights() map[string]guard.Right {
	return guard.Table(guard.Known, map[string]guard.Right{
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
	})
}

// openSecurity reads the files that the configuration names. With TLS every rpc but health takes a certificate.
func openSecurity(cfg Config, log *slog.Logger) (*auth.Security, error) {
	return auth.Open(auth.Config{
		TLS: cfg.TLS, GuardRPCs: cfg.TLS.Enabled(), Rights: Rights(),
		Names: map[guard.Right][]string{guard.Feed: cfg.FeedClients, guard.Operate: cfg.Operators},
	}, log)
}

// portProblems returns what is wrong with the settings of the ports, each with its field, value and limit.
func (c Config) portProblems() []error {
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
	errs = append(errs, server.LimitProblems(c.MaxStreams, c.MaxConnections, c.MaxConnectionsPerHost)...)
	return append(errs, c.unread().Problems()...)
}
