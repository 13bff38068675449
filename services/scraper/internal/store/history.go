package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// flushHistory copies a row for each changed market.
func (w *Writer) flushHistory(ctx context.Context, tx pgx.Tx, contents []contentWrite) error {
	n := 0
	rows := make([]encode.HistoryContent, len(contents))
	for i := range contents {
		c := &contents[i]
		n += len(c.changed)
		rows[i] = encode.HistoryContent{
			BookmakerID: w.bookmakers.ids[c.bookmaker], SrID: c.srID, Revision: c.state.Revision, CapturedAt: c.state.CapturedAt,
			Changed: c.changed,
		}
	}
	if n == 0 {
		return nil
	}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, encode.NewHistoryRows(rows), encode.CopyHistory)
	if err != nil {
		return fmt.Errorf("copying %d rows of history: %w", n, err)
	}
	if tag.RowsAffected() != int64(n) {
		return fmt.Errorf("copying %d rows of history: %w: it took %d", n, pool.ErrSchema, tag.RowsAffected())
	}
	return nil
}
