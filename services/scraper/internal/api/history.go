package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/history"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// HistoryServer implements HistoryService. Use NewHistory.
type HistoryServer struct {
	oddscachev1.UnimplementedHistoryServiceServer

	store   *store.Store
	history *history.Reader
	table   *mapping.Table
}

// NewHistory makes a server of a store, which it does not close, and the mapping, which knows how many outcomes a
// complete market has.
func NewHistory(st *store.Store, table *mapping.Table) *HistoryServer {
	return &HistoryServer{store: st, history: history.NewReader(st.HistoryReaders()), table: table}
}

// ListOddsHistory returns a page of moments with all bookmakers' outcomes.
func (s *HistoryServer) ListOddsHistory(
	ctx context.Context, req *oddscachev1.ListOddsHistoryRequest,
) (*oddscachev1.ListOddsHistoryResponse, error) {
	moments, gaps, next, err := s.moments(ctx, req)
	if err != nil {
		return nil, err
	}
	resp := &oddscachev1.ListOddsHistoryResponse{Gaps: gapMessages(gaps), NextPageToken: next}
	for _, m := range moments {
		resp.Moments = append(resp.Moments, oddsMomentMessage(m))
	}
	return resp, nil
}

// ListMarginHistory returns a page of moments with all bookmakers' margins.
func (s *HistoryServer) ListMarginHistory(
	ctx context.Context, req *oddscachev1.ListMarginHistoryRequest,
) (*oddscachev1.ListMarginHistoryResponse, error) {
	moments, gaps, next, err := s.moments(ctx, req)
	if err != nil {
		return nil, err
	}
	row := s.table.Row(req.GetMarketId())
	resp := &oddscachev1.ListMarginHistoryResponse{Gaps: gapMessages(gaps), NextPageToken: next}
	for _, m := range moments {
		resp.Moments = append(resp.Moments, marginMomentMessage(row, m))
	}
	return resp, nil
}

// moments reads a page and one change more, to know whether there is another page.
func (s *HistoryServer) moments(
	ctx context.Context, req historyRequest,
) (moments []history.Moment, gaps []history.Gap, next string, err error) {
	query, err := historyQuery(req)
	if err != nil {
		return nil, nil, "", err
	}
	size := query.Limit
	query.Limit++
	page, err := s.history.List(ctx, query)
	if err != nil {
		return nil, nil, "", err
	}
	more := len(page.Changes) > size
	if more {
		page.Changes = page.Changes[:size]
	}
	moments = history.Moments(page)
	if more {
		next = historyToken(moments[size-1].Revision, req)
	}
	return moments, page.Gaps, next, nil
}

// GetStorageStats returns the tables' sizes.
func (s *HistoryServer) GetStorageStats(
	ctx context.Context, _ *oddscachev1.GetStorageStatsRequest,
) (*oddscachev1.GetStorageStatsResponse, error) {
	sizes, err := s.store.Sizes(ctx)
	if err != nil {
		return nil, err
	}
	growth := history.GrowthOf(sizes, time.Now().UTC().Truncate(24*time.Hour))
	resp := &oddscachev1.GetStorageStatsResponse{
		DatabaseBytes: sizes.DatabaseBytes, HistoryBytesADay: growth.Bytes, HistoryRowsADay: growth.Rows,
	}
	for _, t := range sizes.Tables {
		resp.Tables = append(resp.Tables, &oddscachev1.TableStats{
			Table: t.Table, Rows: t.Rows, DeadRows: t.DeadRows, Bytes: t.Bytes, IndexBytes: t.IndexBytes,
		})
	}
	for _, d := range sizes.Days {
		resp.HistoryDays = append(resp.HistoryDays, &oddscachev1.HistoryDay{Day: timestamppb.New(d.Day), Rows: d.Rows, Bytes: d.Bytes})
	}
	return resp, nil
}
