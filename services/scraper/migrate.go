package scraper

import (
	"context"
	"log/slog"

	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// Migrate brings the schema of the database at url to this version, and gives role the least rights that a scraper
// needs when it is not empty. It may run from several processes at once and does nothing the second time.
func Migrate(ctx context.Context, url, role string, log *slog.Logger) error {
	return store.Migrate(ctx, url, store.MigrateOptions{ScraperRole: role}, log)
}
