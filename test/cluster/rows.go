package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Rows is what Postgres holds, as a cache must respond with it.
type Rows struct {
	Revision int64
	Epoch    string // without the database's identity
	events   map[string]*oddscachev1.EventSnapshots
	markets  int64
	waiting  int64 // snapshots that no event lists
	owners   map[[2]string]string
}

// ReadRows reads everything at one instant.
func ReadRows(ctx context.Context, url string) (*Rows, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	r := &Rows{events: make(map[string]*oddscachev1.EventSnapshots), owners: make(map[[2]string]string)}
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT revision, epoch::text FROM feed_state").Scan(&r.Revision, &r.Epoch); err != nil {
			return err
		}
		if err := r.readEvents(ctx, tx); err != nil {
			return err
		}
		return r.readSnapshots(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the tables: %w", err)
	}
	for _, e := range r.events {
		slices.SortFunc(e.Snapshots, func(a, b *oddscachev1.CachedSnapshot) int {
			return cmp.Or(cmp.Compare(rank(a.GetBookmaker()), rank(b.GetBookmaker())), cmp.Compare(a.GetBookmaker(), b.GetBookmaker()))
		})
	}
	return r, nil
}

func rank(bookmaker string) int {
	if bookmaker == "betpawa" {
		return 0
	}
	return 1
}

func (r *Rows) readEvents(ctx context.Context, tx pgx.Tx) error {
	events, err := tx.Query(ctx, `SELECT sr_id, coalesce(betpawa_event_id, ''), name, home_team, away_team, kickoff, sport, country, tournament
		FROM events JOIN tournaments USING (tournament_id)`)
	if err != nil {
		return err
	}
	for events.Next() {
		e := &oddscachev1.Event{}
		var kickoff time.Time
		if err := events.Scan(&e.SrId, &e.BetpawaEventId, &e.Name, &e.HomeTeam, &e.AwayTeam, &kickoff, &e.Sport, &e.Country, &e.Tournament); err != nil {
			return err
		}
		e.Kickoff = timestamppb.New(kickoff)
		r.events[e.GetSrId()] = &oddscachev1.EventSnapshots{Event: e}
		if e.GetBetpawaEventId() != "" {
			r.owners[[2]string{"betpawa", e.GetBetpawaEventId()}] = e.GetSrId()
		}
	}
	if err := events.Err(); err != nil {
		return err
	}
	listed, err := tx.Query(ctx, `SELECT sr_id, bookmaker, competitor_event_id
		FROM competitor_events JOIN bookmakers USING (bookmaker_id) ORDER BY sr_id, bookmaker`)
	if err != nil {
		return err
	}
	for listed.Next() {
		var srID string
		c := &oddscachev1.CompetitorEvent{}
		if err := listed.Scan(&srID, &c.Bookmaker, &c.CompetitorEventId); err != nil {
			return err
		}
		e := r.events[srID].GetEvent()
		e.CompetitorEvents = append(e.CompetitorEvents, c)
		r.owners[[2]string{c.GetBookmaker(), c.GetCompetitorEventId()}] = srID
	}
	return listed.Err()
}

func (r *Rows) readSnapshots(ctx context.Context, tx pgx.Tx) error {
	dec, err := zstd.NewReader(nil)
	if err != nil {
		return err
	}
	defer dec.Close()
	snaps, err := tx.Query(ctx, `SELECT bookmaker, bookmaker_event_id, revision, captured_at, last_confirmed_at, content
		FROM snapshots JOIN bookmakers USING (bookmaker_id)`)
	if err != nil {
		return err
	}
	for snaps.Next() {
		s := &oddscachev1.CachedSnapshot{}
		var captured, confirmed time.Time
		var content []byte
		if err := snaps.Scan(&s.Bookmaker, &s.BookmakerEventId, &s.SnapshotId, &captured, &confirmed, &content); err != nil {
			return err
		}
		s.CapturedAt, s.LastConfirmedAt = timestamppb.New(captured), timestamppb.New(confirmed)
		framed, err := dec.DecodeAll(content, nil)
		if err != nil {
			return err
		}
		for frame := range snapshot.Frames(framed) {
			m := &oddscachev1.CachedMarket{}
			if err := proto.Unmarshal(snapshot.MarketBody(frame), m); err != nil {
				return err
			}
			s.Markets = append(s.Markets, m)
		}
		srID, is := r.owners[[2]string{s.GetBookmaker(), s.GetBookmakerEventId()}]
		if !is {
			r.waiting++
			continue
		}
		r.markets += int64(len(s.GetMarkets()))
		r.events[srID].Snapshots = append(r.events[srID].Snapshots, s)
	}
	return snaps.Err()
}

// Events is how many events there are.
func (r *Rows) Events() int { return len(r.events) }

// Reached reports whether a cache of this freshness is live at the rows' revision.
func (r *Rows) Reached(f *oddscachev1.Freshness) bool {
	return f.GetState() == Live && f.GetRevision() == r.Revision && strings.HasPrefix(f.GetEpoch(), r.Epoch)
}

// Compare holds a cache against the rows: every event with its snapshots, every id, and the counts. It returns how
// many rows were compared.
func (r *Rows) Compare(ctx context.Context, cache oddscachev1.OddsCacheServiceClient) (compared int, err error) {
	req := &oddscachev1.ListEventsRequest{IncludeSnapshots: true, PageSize: 20}
	seen := 0
	for {
		page, err := cache.ListEvents(ctx, req)
		if err != nil {
			return 0, fmt.Errorf("listing: %w", err)
		}
		for _, e := range page.GetEvents() {
			want := r.events[e.GetEvent().GetSrId()]
			if want == nil || !proto.Equal(want, e) {
				return 0, fmt.Errorf("event %s (-Postgres +cache):\n%s", e.GetEvent().GetSrId(), gocmp.Diff(want, e, protocmp.Transform()))
			}
			seen++
			compared += 1 + len(e.GetSnapshots())
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if seen != len(r.events) {
		return 0, fmt.Errorf("cache lists %d events, Postgres has %d", seen, len(r.events))
	}
	ids := &oddscachev1.ResolveCompetitorEventsRequest{}
	for id := range r.owners {
		if id[0] != "betpawa" && len(ids.CompetitorEvents) < 500 {
			ids.CompetitorEvents = append(ids.CompetitorEvents, &oddscachev1.CompetitorEvent{Bookmaker: id[0], CompetitorEventId: id[1]})
		}
	}
	resolved, err := cache.ResolveCompetitorEvents(ctx, ids)
	if err != nil {
		return 0, fmt.Errorf("resolving: %w", err)
	}
	for _, result := range resolved.GetResults() {
		c := result.GetCompetitorEvent()
		if owner := r.owners[[2]string{c.GetBookmaker(), c.GetCompetitorEventId()}]; result.GetSrId() != owner {
			return 0, fmt.Errorf("%v resolves to %q, Postgres has %q", c, result.GetSrId(), owner)
		}
		compared++
	}
	stats, err := cache.GetStats(ctx, &oddscachev1.GetStatsRequest{})
	if err != nil {
		return 0, fmt.Errorf("requesting stats: %w", err)
	}
	if stats.GetTotalMarkets() != r.markets || stats.GetWaitingSnapshots() != r.waiting {
		return 0, fmt.Errorf("cache counts %d markets, %d waiting; Postgres has %d, %d", stats.GetTotalMarkets(), stats.GetWaitingSnapshots(), r.markets, r.waiting)
	}
	return compared, nil
}
