package history

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// Reader reads the history from the database. It needs no lease: any scraper can read. It is safe for concurrent use.
type Reader struct{ readers *pool.Readers }

// NewReader makes a reader that takes its places among readers; see store.Store.HistoryReaders.
func NewReader(readers *pool.Readers) *Reader { return &Reader{readers: readers} }

// maxGaps bounds the gaps of a market that are read: one each cycle for a week and a half.
const maxGaps = 3000

// bounds are the query's, or those of the years that partitions exist for.
func (q *Query) bounds() (from, to time.Time) {
	return cmp.Or(q.From, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), cmp.Or(q.To, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC))
}

// readRows are the rows that a page is made of.
type readRows struct {
	changes []dbsqlc.ListHistoryRow
	before  []dbsqlc.ListHistoryBeforeRow
	gaps    []dbsqlc.ListHistoryGapsRow
}

// List reads a page of a market's history. What nobody ever offered has an empty one. It returns pool.ErrBusy,
// pool.ErrReadTimeout or pool.ErrAway when it cannot be read now.
func (r *Reader) List(ctx context.Context, query Query) (Page, error) {
	var rows readRows
	err := r.readers.Read(ctx, func(ctx context.Context, q *dbsqlc.Queries) (err error) {
		rows, err = query.read(ctx, q)
		return err
	})
	if err != nil {
		return Page{}, fmt.Errorf("history of market %s of event %s: %w", query.Market.ID, query.SrID, err)
	}
	var page Page
	if page.Changes, err = changesOf(rows.changes); err != nil {
		return page, err
	}
	earlier := make([]dbsqlc.ListHistoryRow, len(rows.before))
	for i, row := range rows.before {
		earlier[i] = dbsqlc.ListHistoryRow(row)
	}
	if page.Before, err = changesOf(earlier); err != nil {
		return page, err
	}
	for _, row := range rows.gaps {
		g := Gap{Bookmaker: odds.Bookmaker(row.Bookmaker), From: encode.Micros(row.UnavailableFrom)}
		if row.AvailableFrom.After(row.UnavailableFrom) {
			g.To = encode.Micros(row.AvailableFrom)
		}
		page.Gaps = append(page.Gaps, g)
	}
	return page, nil
}

// read reads what a page is made of.
func (q *Query) read(ctx context.Context, db *dbsqlc.Queries) (rows readRows, err error) {
	from, to := q.bounds()
	var line *int16
	if q.Market.Line.IsSet() {
		quarters := int16(q.Market.Line.Quarters()) // within ±4000
		line = &quarters
	}
	names := bookmakerNames(q.Bookmakers)
	rows.changes, err = db.ListHistory(ctx, dbsqlc.ListHistoryParams{
		SrID: q.SrID, MarketID: q.Market.ID, Line: line, Bookmakers: names, CapturedFrom: from, CapturedTo: to,
		After: q.After, Most: int32(q.Limit),
	})
	if err != nil {
		return rows, fmt.Errorf("reading the changes: %w", err)
	}
	rows.before, err = db.ListHistoryBefore(ctx, dbsqlc.ListHistoryBeforeParams{
		SrID: q.SrID, MarketID: q.Market.ID, Line: line, Bookmakers: names, CapturedFrom: from, CapturedTo: to, After: q.After,
	})
	if err != nil {
		return rows, fmt.Errorf("reading the state before them: %w", err)
	}
	rows.gaps, err = db.ListHistoryGaps(ctx, dbsqlc.ListHistoryGapsParams{
		SrID: q.SrID, MarketID: q.Market.ID, Line: line, Bookmakers: names, CapturedFrom: from, CapturedTo: to, Most: maxGaps,
	})
	if err != nil {
		return rows, fmt.Errorf("reading the gaps: %w", err)
	}
	return rows, nil
}

// bookmakerNames are the names of the bookmakers, of all when there are none.
func bookmakerNames(bookmakers []odds.Bookmaker) []string {
	if len(bookmakers) == 0 {
		bookmakers = registry.Names()
	}
	names := make([]string, len(bookmakers))
	for i, b := range bookmakers {
		names[i] = string(b)
	}
	return names
}

func changesOf(rows []dbsqlc.ListHistoryRow) ([]Change, error) {
	changes := make([]Change, len(rows))
	for i, row := range rows {
		outcomes, err := encode.ReadOutcomes(row.Outcomes)
		if err != nil {
			return nil, fmt.Errorf("reading the history's outcomes at revision %d: %w", row.Revision, err)
		}
		changes[i] = Change{
			Bookmaker: odds.Bookmaker(row.Bookmaker), CapturedAt: encode.Micros(row.CapturedAt), Revision: row.Revision,
			Available: row.Available, Outcomes: outcomes,
		}
	}
	return changes, nil
}
