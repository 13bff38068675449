package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
)

// maxGaps bounds the gaps of a market that are read: one each cycle for a week and a half.
const maxGaps = 3000

// HistoryQuery names a market of an event and a time. It holds at any store, the writer's or not.
type HistoryQuery struct {
	SrID       string
	Market     odds.MarketKey
	Bookmakers []odds.Bookmaker // empty for all
	// From and To bound captured_at, To excluded; zero for no bound.
	From, To time.Time
	// After is the revision of the last change of the page before; 0 for the first page.
	After int64
	// Limit is how many changes are wanted at most.
	Limit int
}

// HistoryChange is one row of the history: what a bookmaker offered from then on.
type HistoryChange struct {
	Bookmaker  odds.Bookmaker
	CapturedAt time.Time
	Revision   int64 // of the snapshot that brought it
	Available  bool  // if not, the outcomes are the last ones seen
	Outcomes   []odds.Outcome
}

// HistoryGap is a time in which a bookmaker did not offer a market that it had offered.
type HistoryGap struct {
	Bookmaker odds.Bookmaker
	From      time.Time
	To        time.Time // zero while it lasts
}

// HistoryPage is a page of changes.
type HistoryPage struct {
	// Before is each bookmaker's last change before the page, in no order.
	Before  []HistoryChange
	Changes []HistoryChange // in the order in which they were stored
	Gaps    []HistoryGap    // of all the query's time, by beginning
}

// bounds are the query's, or those of the years that partitions exist for.
func (q *HistoryQuery) bounds() (from, to time.Time) {
	return cmp.Or(q.From, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), cmp.Or(q.To, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC))
}

// readRows are the rows that a page is made of.
type readRows struct {
	changes []dbsqlc.ListHistoryRow
	before  []dbsqlc.ListHistoryBeforeRow
	gaps    []dbsqlc.ListHistoryGapsRow
}

// ListHistory reads a page of a market's history. What nobody ever offered has an empty one. It returns pool.ErrBusy,
// pool.ErrReadTimeout or pool.ErrAway when it cannot be read now.
func (s *Store) ListHistory(ctx context.Context, query HistoryQuery) (HistoryPage, error) {
	var rows readRows
	err := s.history.Read(ctx, func(ctx context.Context, q *dbsqlc.Queries) (err error) {
		rows, err = query.read(ctx, q)
		return err
	})
	if err != nil {
		return HistoryPage{}, fmt.Errorf("history of market %s of event %s: %w", query.Market.ID, query.SrID, err)
	}
	var page HistoryPage
	if page.Changes, err = historyChanges(rows.changes); err != nil {
		return page, err
	}
	earlier := make([]dbsqlc.ListHistoryRow, len(rows.before))
	for i, row := range rows.before {
		earlier[i] = dbsqlc.ListHistoryRow(row)
	}
	if page.Before, err = historyChanges(earlier); err != nil {
		return page, err
	}
	for _, row := range rows.gaps {
		g := HistoryGap{Bookmaker: odds.Bookmaker(row.Bookmaker), From: encode.Micros(row.UnavailableFrom)}
		if row.AvailableFrom.After(row.UnavailableFrom) {
			g.To = encode.Micros(row.AvailableFrom)
		}
		page.Gaps = append(page.Gaps, g)
	}
	return page, nil
}

// read reads what a page is made of.
func (q *HistoryQuery) read(ctx context.Context, db *dbsqlc.Queries) (rows readRows, err error) {
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

// bookmakerNames are the names asked for, all when none is.
func bookmakerNames(asked []odds.Bookmaker) []string {
	if len(asked) == 0 {
		asked = registry.Names()
	}
	names := make([]string, len(asked))
	for i, b := range asked {
		names[i] = string(b)
	}
	return names
}

func historyChanges(rows []dbsqlc.ListHistoryRow) ([]HistoryChange, error) {
	changes := make([]HistoryChange, len(rows))
	for i, row := range rows {
		outcomes, err := encode.ReadOutcomes(row.Outcomes)
		if err != nil {
			return nil, fmt.Errorf("reading the history's outcomes at revision %d: %w", row.Revision, err)
		}
		changes[i] = HistoryChange{
			Bookmaker: odds.Bookmaker(row.Bookmaker), CapturedAt: encode.Micros(row.CapturedAt), Revision: row.Revision,
			Available: row.Available, Outcomes: outcomes,
		}
	}
	return changes, nil
}
