package api_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper/internal/api"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// result is BetPawa's id of 1X2 at full time.
const result = "3743"

func migrated(ctx context.Context, url string) error {
	return store.Migrate(ctx, url, store.MigrateOptions{}, slog.New(slog.DiscardHandler))
}

// bundle is the history of a database that the test writes.
type bundle struct {
	*api.HistoryServer
	writer *store.Writer
	line   odds.Line
}

func setup(t *testing.T) *bundle {
	t.Helper()
	st := store.New(pgtest.New(t, migrated), store.Config{}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	w, err := st.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Release(context.WithoutCancel(t.Context())) })
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{HistoryServer: api.NewHistory(st, table), writer: w}
	_, err = w.Apply(t.Context(), store.Batch{Events: []odds.Event{{
		SrID: "68", Name: "Home v Away", HomeTeam: "Home", AwayTeam: "Away", Kickoff: time.Now().Add(time.Hour), Sport: "football",
		Country: "Nowhere", Tournament: "Cup", BetPawaEventID: "7",
		Competitors: []odds.CompetitorEvent{{Bookmaker: odds.SportyBet, EventID: "sr:match:68"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// put stores what a bookmaker offers: the prices of 1X2, none when it is gone, and a market beside it.
func (b *bundle) put(t *testing.T, bookmaker odds.Bookmaker, prices ...float64) *timestamppb.Timestamp {
	t.Helper()
	id := map[odds.Bookmaker]string{odds.BetPawa: "7", odds.SportyBet: "sr:match:68"}[bookmaker]
	now := time.Now()
	s := odds.Snapshot{Bookmaker: bookmaker, EventID: id, SrID: "68", RequestedAt: now, CapturedAt: now, Complete: true}
	if len(prices) > 0 {
		m := odds.Market{MarketKey: odds.MarketKey{ID: result, Line: b.line}, Name: "1X2 | Full Time"}
		for i, name := range []string{"1", "X", "2"} {
			m.Outcomes = append(m.Outcomes, odds.Outcome{Name: name, Odds: prices[i], Active: prices[i] > 1})
		}
		s.Markets = append(s.Markets, m)
	}
	s.Markets = append(s.Markets, odds.Market{MarketKey: odds.MarketKey{ID: "9"}, Name: "Other", Outcomes: []odds.Outcome{{Name: "Yes", Odds: 2, Active: true}}})
	r, err := b.writer.Apply(t.Context(), store.Batch{Snapshots: []odds.Snapshot{s}})
	if err != nil || len(r.Rejected) > 0 {
		t.Fatalf("storing: %v, refused %v", err, r.Rejected)
	}
	return timestamppb.New(now.Truncate(time.Microsecond))
}

func quote(bookmaker string, available bool, at *timestamppb.Timestamp, prices ...float64) *oddscachev1.OddsQuote {
	q := &oddscachev1.OddsQuote{Bookmaker: bookmaker, Available: available, CapturedAt: at}
	for i, name := range []string{"1", "X", "2"} {
		q.Outcomes = append(q.Outcomes, &oddscachev1.Outcome{Name: name, Odds: prices[i], IsActive: available && prices[i] > 1}) // nothing is open in a market that is not offered
	}
	return q
}

func TestHistorySideBySide(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.put(t, odds.BetPawa, 2, 4, 4)
	two := b.put(t, odds.SportyBet, 2, 4, 1/0.3)
	three := b.put(t, odds.BetPawa)
	four := b.put(t, odds.BetPawa, 2, 4, 1)
	five := b.put(t, odds.SportyBet)

	pawa, sporty := quote("betpawa", true, one, 2, 4, 4), quote("sportybet", true, two, 2, 4, 1/0.3)
	gone, closed := quote("betpawa", false, three, 2, 4, 4), quote("betpawa", true, four, 2, 4, 1)
	moments := []*oddscachev1.OddsMoment{
		{At: one, ChangedBy: "betpawa", Quotes: []*oddscachev1.OddsQuote{pawa}},
		{At: two, ChangedBy: "sportybet", Quotes: []*oddscachev1.OddsQuote{pawa, sporty}},
		{At: three, ChangedBy: "betpawa", Quotes: []*oddscachev1.OddsQuote{gone, sporty}},
		{At: four, ChangedBy: "betpawa", Quotes: []*oddscachev1.OddsQuote{closed, sporty}},
		{At: five, ChangedBy: "sportybet", Quotes: []*oddscachev1.OddsQuote{closed, quote("sportybet", false, five, 2, 4, 1/0.3)}},
	}
	gaps := []*oddscachev1.AvailabilityGap{
		{Bookmaker: "betpawa", UnavailableFrom: three, AvailableFrom: four}, {Bookmaker: "sportybet", UnavailableFrom: five},
	}
	var listed []*oddscachev1.OddsMoment
	req := &oddscachev1.ListOddsHistoryRequest{SrId: "68", MarketId: result, PageSize: 2}
	for range 3 {
		resp, err := b.ListOddsHistory(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(gaps, resp.GetGaps(), protocmp.Transform()); diff != "" {
			t.Errorf("gaps (-want +got):\n%s", diff)
		}
		listed = append(listed, resp.GetMoments()...)
		req.PageToken = resp.GetNextPageToken()
	}
	if req.GetPageToken() != "" {
		t.Error("there is a fourth page")
	}
	ids := protocmp.IgnoreFields(&oddscachev1.OddsQuote{}, "snapshot_id")
	if diff := cmp.Diff(moments, listed, protocmp.Transform(), ids); diff != "" {
		t.Errorf("moments (-want +got):\n%s", diff)
	}

	margins, err := b.ListMarginHistory(t.Context(), &oddscachev1.ListMarginHistoryRequest{SrId: "68", MarketId: result, CapturedFrom: two})
	if err != nil {
		t.Fatal(err)
	}
	sportys := &oddscachev1.MarginQuote{Bookmaker: "sportybet", Available: true, CapturedAt: two, Margin: new(0.05)}
	want := []*oddscachev1.MarginMoment{
		{At: two, ChangedBy: "sportybet", Quotes: []*oddscachev1.MarginQuote{{Bookmaker: "betpawa", Available: true, CapturedAt: one, Margin: new(0.0)}, sportys}},
		{At: three, ChangedBy: "betpawa", Quotes: []*oddscachev1.MarginQuote{{Bookmaker: "betpawa", CapturedAt: three}, sportys}},
		{At: four, ChangedBy: "betpawa", Quotes: []*oddscachev1.MarginQuote{{Bookmaker: "betpawa", Available: true, CapturedAt: four}, sportys}},
		{At: five, ChangedBy: "sportybet", Quotes: []*oddscachev1.MarginQuote{
			{Bookmaker: "betpawa", Available: true, CapturedAt: four}, {Bookmaker: "sportybet", CapturedAt: five},
		}},
	}
	if diff := cmp.Diff(want, margins.GetMoments(), protocmp.Transform()); diff != "" {
		t.Errorf("margins (-want +got):\n%s", diff)
	}
}

func TestHistoryOfALine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.line, _ = odds.QuarterLine(0)
	b.put(t, odds.BetPawa, 2, 4, 4)
	for _, tt := range []struct {
		line *float64
		want int
	}{{nil, 0}, {new(0.0), 1}, {new(0.25), 0}} {
		resp, err := b.ListOddsHistory(t.Context(), &oddscachev1.ListOddsHistoryRequest{SrId: "68", MarketId: result, Line: tt.line})
		if err != nil || len(resp.GetMoments()) != tt.want {
			t.Errorf("line %v: %d moments, %v, want %d", tt.line, len(resp.GetMoments()), err, tt.want)
		}
	}
}

func TestHistoryRejects(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, odds.BetPawa, 2, 4, 4)
	b.put(t, odds.BetPawa, 2, 4, 5)
	table, err := api.Errors()
	if err != nil {
		t.Fatal(err)
	}
	first, err := b.ListOddsHistory(t.Context(), &oddscachev1.ListOddsHistoryRequest{SrId: "68", MarketId: result, PageSize: 1})
	if err != nil || first.GetNextPageToken() == "" {
		t.Fatalf("first page: %v, %v", first, err)
	}
	for field, change := range map[string]func(*oddscachev1.ListOddsHistoryRequest){
		"sr_id":         func(r *oddscachev1.ListOddsHistoryRequest) { r.SrId = "sr:match:68" },
		"market_id":     func(r *oddscachev1.ListOddsHistoryRequest) { r.MarketId = "" },
		"line":          func(r *oddscachev1.ListOddsHistoryRequest) { r.Line = new(0.3) },
		"bookmakers[1]": func(r *oddscachev1.ListOddsHistoryRequest) { r.Bookmakers = []string{"bet9ja", "msport"} },
		"bookmakers[0]": func(r *oddscachev1.ListOddsHistoryRequest) { r.Bookmakers = []string{""} },
		"captured_from": func(r *oddscachev1.ListOddsHistoryRequest) {
			r.CapturedFrom = &timestamppb.Timestamp{Seconds: -1 << 40}
		},
		"captured_to": func(r *oddscachev1.ListOddsHistoryRequest) {
			r.CapturedFrom = timestamppb.Now()
			r.CapturedTo = r.GetCapturedFrom()
		},
		"page_size": func(r *oddscachev1.ListOddsHistoryRequest) { r.PageSize = -1 },
		"page_token": func(r *oddscachev1.ListOddsHistoryRequest) {
			r.PageToken, r.Bookmakers = first.GetNextPageToken(), []string{"betpawa"}
		},
	} {
		req := &oddscachev1.ListOddsHistoryRequest{SrId: "68", MarketId: result}
		change(req)
		_, err := b.ListOddsHistory(t.Context(), req)
		s, _ := table.Status(t.Context(), err)
		if s.Code() != codes.InvalidArgument || rpcerr.Metadata(s.Err())["field"] != field {
			t.Errorf("%s: %v", field, s.Err())
		}
	}
}

func TestStorageStats(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, odds.BetPawa, 2, 4, 4)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var resp *oddscachev1.GetStorageStatsResponse
	for len(resp.GetHistoryDays()) < 2 { // upkeep makes the days ahead beside us
		var err error
		if resp, err = b.GetStorageStats(ctx, &oddscachev1.GetStorageStatsRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	names := make(map[string]bool)
	for _, table := range resp.GetTables() {
		names[table.GetTable()] = table.GetBytes() > 0
	}
	for _, table := range []string{"events", "snapshots", "competitor_events", "cycles", "market_odds_history"} {
		if !names[table] {
			t.Errorf("table %s is missing or empty: %v", table, resp.GetTables())
		}
	}
	if resp.GetDatabaseBytes() == 0 {
		t.Error("a database of no bytes")
	}
}
