package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/lease"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// flush sends a plan's rows, one statement a table. History goes first: it locks nothing that another writer needs.
func (w *Writer) flush(ctx context.Context, tx pgx.Tx, p *plan) error {
	q := dbsqlc.New(tx)
	if err := w.flushHistory(ctx, tx, p.contents); err != nil {
		return err
	}
	//failpoint:store.history_flushed
	if err := w.flushEvents(ctx, q, p); err != nil {
		return err
	}
	p.compressing.Wait()
	//failpoint:store.events_flushed
	if err := w.flushContents(ctx, q, p.contents); err != nil {
		return err
	}
	//failpoint:store.contents_flushed
	return w.flushConfirmed(ctx, q, p.confirmed)
}

func (w *Writer) flushEvents(ctx context.Context, q *dbsqlc.Queries, p *plan) error {
	if len(p.gone) > 0 {
		var d dbsqlc.DeleteCompetitorEventsParams
		d.BookmakerIds, d.Ids = w.columns(p.gone)
		rows, err := q.DeleteCompetitorEvents(ctx, d)
		if err := every(rows, len(p.gone), err); err != nil {
			return fmt.Errorf("unlinking %d competitor events: %w", len(p.gone), err)
		}
	}
	if len(p.events) == 0 {
		return nil
	}
	if err := w.flushTournaments(ctx, q, p); err != nil {
		return err
	}
	var u dbsqlc.UpsertEventsParams
	for _, e := range p.events {
		u.SrIds = append(u.SrIds, e.SrID)
		u.Revisions = append(u.Revisions, e.revision)
		u.BetpawaEventIds = append(u.BetpawaEventIds, e.BetPawaEventID)
		u.Names = append(u.Names, e.Name)
		u.HomeTeams = append(u.HomeTeams, e.HomeTeam)
		u.AwayTeams = append(u.AwayTeams, e.AwayTeam)
		u.Kickoffs = append(u.Kickoffs, e.Kickoff)
		u.TournamentIds = append(u.TournamentIds, p.tournaments[tournamentOf(e.Event)])
	}
	if err := q.UpsertEvents(ctx, u); err != nil {
		return fmt.Errorf("writing %d events: %w", len(p.events), err)
	}
	if len(p.added) == 0 {
		return nil
	}
	var l dbsqlc.InsertCompetitorEventsParams
	for _, a := range p.added {
		l.BookmakerIds = append(l.BookmakerIds, w.bookmakers.ids[a.bookmaker])
		l.Ids = append(l.Ids, a.id)
		l.SrIds = append(l.SrIds, a.srID)
	}
	if err := q.InsertCompetitorEvents(ctx, l); err != nil {
		return fmt.Errorf("linking %d competitor events: %w", len(p.added), err)
	}
	return nil
}

// tournament is the natural key of a tournament.
type tournament struct{ sport, country, name string }

func tournamentOf(e *odds.Event) tournament { return tournament{e.Sport, e.Country, e.Tournament} }

// flushTournaments writes the tournaments that are new and reads the ids of all.
func (w *Writer) flushTournaments(ctx context.Context, q *dbsqlc.Queries, p *plan) error {
	fresh := make(map[tournament]bool)
	var t dbsqlc.InsertTournamentsParams
	for _, e := range p.events {
		k := tournamentOf(e.Event)
		if _, known := w.tournaments[k]; known || fresh[k] {
			continue
		}
		fresh[k] = true
		t.Sports = append(t.Sports, k.sport)
		t.Countries = append(t.Countries, k.country)
		t.Tournaments = append(t.Tournaments, k.name)
	}
	if len(fresh) == 0 {
		p.tournaments = w.tournaments
		return nil
	}
	if err := q.InsertTournaments(ctx, t); err != nil {
		return fmt.Errorf("writing %d tournaments: %w", len(fresh), err)
	}
	var err error
	p.tournaments, err = listTournaments(ctx, q)
	return err
}

func listTournaments(ctx context.Context, q *dbsqlc.Queries) (map[tournament]int32, error) {
	rows, err := q.ListTournaments(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the tournaments: %w", err)
	}
	ids := make(map[tournament]int32, len(rows))
	for _, r := range rows {
		ids[tournament{r.Sport, r.Country, r.Tournament}] = r.TournamentID
	}
	return ids, nil
}

func (w *Writer) flushContents(ctx context.Context, q *dbsqlc.Queries, contents []contentWrite) error {
	if len(contents) == 0 {
		return nil
	}
	var u dbsqlc.UpsertSnapshotsParams
	for i := range contents {
		c := &contents[i]
		u.BookmakerIds = append(u.BookmakerIds, w.bookmakers.ids[c.bookmaker])
		u.Ids = append(u.Ids, c.id)
		u.Revisions = append(u.Revisions, c.state.Revision)
		u.CapturedAts = append(u.CapturedAts, c.state.CapturedAt)
		u.RequestedAts = append(u.RequestedAts, c.state.RequestedAt)
		u.Contents = append(u.Contents, c.compressed)
	}
	if err := q.UpsertSnapshots(ctx, u); err != nil {
		return fmt.Errorf("writing %d snapshots: %w", len(contents), err)
	}
	return nil
}

func (w *Writer) flushConfirmed(ctx context.Context, q *dbsqlc.Queries, confirmed []confirmWrite) error {
	if len(confirmed) == 0 {
		return nil
	}
	var u dbsqlc.ConfirmSnapshotsParams
	for i := range confirmed {
		c := &confirmed[i]
		u.BookmakerIds = append(u.BookmakerIds, w.bookmakers.ids[c.bookmaker])
		u.Ids = append(u.Ids, c.id)
		u.Revisions = append(u.Revisions, c.revision)
		u.LastConfirmedAts = append(u.LastConfirmedAts, c.state.LastConfirmedAt)
		u.RequestedAts = append(u.RequestedAts, c.state.RequestedAt)
	}
	rows, err := q.ConfirmSnapshots(ctx, u)
	if err := every(rows, len(confirmed), err); err != nil {
		return fmt.Errorf("confirming %d snapshots: %w", len(confirmed), err)
	}
	return nil
}

// every is err, or that the table does not have all the rows that a statement was to change.
func every(rows int64, want int, err error) error {
	if err == nil && rows != int64(want) {
		return fmt.Errorf("%w: the table has %d of them", lease.ErrRewound, rows)
	}
	return err
}

// columns turns keys into the arrays that statements take.
func (w *Writer) columns(keys []key) (bookmakerIDs []int16, ids []string) {
	for _, k := range keys {
		bookmakerIDs = append(bookmakerIDs, w.bookmakers.ids[k.bookmaker])
		ids = append(ids, k.id)
	}
	return bookmakerIDs, ids
}

// bookmakers is the table of that name.
type bookmakers struct {
	ids   map[odds.Bookmaker]int16
	names map[int16]odds.Bookmaker
}

func listBookmakers(ctx context.Context, q *dbsqlc.Queries) (bookmakers, error) {
	rows, err := q.ListBookmakers(ctx)
	if err != nil {
		return bookmakers{}, fmt.Errorf("reading the bookmakers: %w", err)
	}
	b := bookmakers{ids: make(map[odds.Bookmaker]int16), names: make(map[int16]odds.Bookmaker)}
	for _, r := range rows {
		b.ids[odds.Bookmaker(r.Bookmaker)] = r.BookmakerID
		b.names[r.BookmakerID] = odds.Bookmaker(r.Bookmaker)
	}
	for _, known := range registry.All() {
		switch id := b.ids[known.Name]; id {
		case known.Number:
		case 0:
			return bookmakers{}, fmt.Errorf("%w: table bookmakers lacks %q", pool.ErrSchema, known.Name)
		default:
			return bookmakers{}, fmt.Errorf("%w: %q is bookmaker %d (must be %d)", pool.ErrSchema, known.Name, id, known.Number)
		}
	}
	return b, nil
}

// commit makes a plan that Postgres has committed the state that the next one is compared with.
func (w *Writer) commit(p *plan) {
	for _, e := range p.events {
		w.state.putEvent(e.Event)
	}
	for i := range p.contents {
		w.state.snapshots[p.contents[i].key] = p.contents[i].state
	}
	for i := range p.confirmed {
		w.state.snapshots[p.confirmed[i].key] = p.confirmed[i].state
	}
	if p.tournaments != nil {
		w.tournaments = p.tournaments
	}
}
