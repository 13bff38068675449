package cycle

import (
	"context"
	"log/slog"
	"testing"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// migrated prepares the template that the tests' databases are cloned from.
func migrated(ctx context.Context, url string) error {
	return store.Migrate(ctx, url, store.MigrateOptions{}, slog.New(slog.DiscardHandler))
}
