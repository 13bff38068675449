package scraper

import (
	"log/slog"
	"testing"

	"github.com/oddscache/oddscache/pkg/auth/authtest"
)

// TestEveryRPCHasARight compares the table with what the server answers. An rpc that is new gets its row here first, or
// nobody can call it.
func TestEveryRPCHasARight(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.DatabaseURL = "postgres://127.0.0.1:1/none" // it is never connected to
	cfg.Listen, cfg.AdminListen = "127.0.0.1:0", "127.0.0.1:0"
	app, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Close() }()
	authtest.CheckRights(t, Rights(), app.server.Methods())
}
