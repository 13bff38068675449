package cache

import (
	"log/slog"

	"github.com/oddscache/oddscache/pkg/auth"
	"github.com/oddscache/oddscache/pkg/auth/guard"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/api"
)

// Rights is what each rpc of the gRPC port and each page of the admin port takes. What is not here is rejected.
func Rights() map[string]guard.Right {
	return guard.Table(guard.Token, map[string]guard.Right{
		oddscachev1.OddsCacheService_GetEvent_FullMethodName:                guard.Token,
		oddscachev1.OddsCacheService_LookupEvents_FullMethodName:            guard.Token,
		oddscachev1.OddsCacheService_BatchGetEvents_FullMethodName:          guard.Token,
		oddscachev1.OddsCacheService_ListEvents_FullMethodName:              guard.Token,
		oddscachev1.OddsCacheService_ResolveCompetitorEvents_FullMethodName: guard.Token,
		oddscachev1.OddsCacheService_WatchEvents_FullMethodName:             guard.Token,
		oddscachev1.OddsCacheService_GetStats_FullMethodName:                guard.Token,
	})
}

// openSecurity reads the files that the configuration names. Lookups take a token when there is a file of tokens, whether
// or not the port speaks TLS.
func openSecurity(cfg Config, log *slog.Logger) (*auth.Security, error) {
	return auth.Open(auth.Config{
		TLS: cfg.TLS, ClientTLS: cfg.FeedTLS, Tokens: cfg.Tokens, GuardRPCs: cfg.Tokens != "",
		Rights: Rights(), Names: map[guard.Right][]string{guard.Operate: cfg.Operators}, Cost: api.Cost,
	}, log)
}
