package scraper

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/pkg/auth/guard"
)

// TestEveryRPCHasARight compares the table with what the server answers. An rpc that is new gets its row here first, or
// nobody can call it.
func TestEveryRPCHasARight(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.DatabaseURL = "postgres://127.0.0.1:1/none" // it is not asked
	cfg.Listen, cfg.AdminListen = "127.0.0.1:0", "127.0.0.1:0"
	app, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Close() }()
	rights := Rights()
	for _, rpc := range app.server.Methods() {
		if rights[rpc] == "" {
			t.Errorf("%s has no row", rpc)
		}
		if open := rights[rpc] == guard.Open; open != strings.HasPrefix(rpc, "/grpc.health.v1.Health/") {
			t.Errorf("%s takes %q; health alone is open", rpc, rights[rpc])
		}
	}
	for row := range rights {
		if strings.Contains(row, ".") && !slices.Contains(app.server.Methods(), row) {
			t.Errorf("the row %s is about no rpc", row)
		}
	}
}
