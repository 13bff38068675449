package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
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

// ListHistory reads a page of a market's history. What nobody ever offered has an empty one.
func (s *Store) ListHistory(ctx context.Context, query HistoryQuery) (HistoryPage, error) {
	from, to := query.bounds()
	var line *int16
	if query.Market.Line.IsSet() {
		quarters := int16(query.Market.Line.Quarters()) // within ±4000
		line = &quarters
	}
	names := bookmakerNames(query.Bookmakers)
	q := dbsqlc.New(s.pool)
	var page HistoryPage
	rows, err := q.ListHistory(ctx, dbsqlc.ListHistoryParams{
		SrID: query.SrID, MarketID: query.Market.ID, Line: line, Bookmakers: names, CapturedFrom: from, CapturedTo: to,
		After: query.After, Most: int32(query.Limit),
	})
	if err != nil {
		return page, fmt.Errorf("reading the history of market %s of event %s: %w", query.Market.ID, query.SrID, err)
	}
	if page.Changes, err = historyChanges(rows); err != nil {
		return page, err
	}
	before, err := q.ListHistoryBefore(ctx, dbsqlc.ListHistoryBeforeParams{
		SrID: query.SrID, MarketID: query.Market.ID, Line: line, Bookmakers: names, CapturedFrom: from, CapturedTo: to, After: query.After,
	})
	if err != nil {
		return page, fmt.Errorf("reading the state of market %s of event %s before: %w", query.Market.ID, query.SrID, err)
	}
	earlier := make([]dbsqlc.ListHistoryRow, len(before))
	for i, row := range before {
		earlier[i] = dbsqlc.ListHistoryRow(row)
	}
	if page.Before, err = historyChanges(earlier); err != nil {
		return page, err
	}
	gaps, err := q.ListHistoryGaps(ctx, dbsqlc.ListHistoryGapsParams{
		SrID: query.SrID, MarketID: query.Market.ID, Line: line, Bookmakers: names, CapturedFrom: from, CapturedTo: to, Most: maxGaps,
	})
	if err != nil {
		return page, fmt.Errorf("reading the gaps of market %s of event %s: %w", query.Market.ID, query.SrID, err)
	}
	for _, row := range gaps {
		g := HistoryGap{Bookmaker: odds.Bookmaker(row.Bookmaker), From: micros(row.UnavailableFrom)}
		if row.AvailableFrom.After(row.UnavailableFrom) {
			g.To = micros(row.AvailableFrom)
		}
		page.Gaps = append(page.Gaps, g)
	}
	return page, nil
}

// bookmakerNames are the names asked for, all when none is.
func bookmakerNames(asked []odds.Bookmaker) []string {
	if len(asked) == 0 {
		asked = odds.Bookmakers()
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
		outcomes, err := readOutcomes(row.Outcomes)
		if err != nil {
			return nil, fmt.Errorf("reading the history's outcomes at revision %d: %w", row.Revision, err)
		}
		changes[i] = HistoryChange{
			Bookmaker: odds.Bookmaker(row.Bookmaker), CapturedAt: micros(row.CapturedAt), Revision: row.Revision,
			Available: row.Available, Outcomes: outcomes,
		}
	}
	return changes, nil
}

// errOutcomes says that a row's outcomes have another form than appendOutcomes gives them.
var errOutcomes = errors.New("outcome is not a name, odds and perhaps false")

// readOutcomes is the inverse of appendOutcomes.
func readOutcomes(text []byte) ([]odds.Outcome, error) {
	var rows [][]any
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	outcomes := make([]odds.Outcome, len(rows))
	for i, row := range rows {
		if len(row) != 2 && len(row) != 3 {
			return nil, errOutcomes
		}
		name, named := row[0].(string)
		price, priced := row[1].(float64)
		if !named || !priced || len(row) == 3 && row[2] != false {
			return nil, errOutcomes
		}
		outcomes[i] = odds.Outcome{Name: name, Odds: price, Active: len(row) == 2}
	}
	return outcomes, nil
}
