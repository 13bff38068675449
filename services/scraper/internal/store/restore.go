package store

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// tables is what Postgres holds at one instant.
type tables struct {
	feed        dbsqlc.ReadFeedStateRow
	events      []dbsqlc.ListEventsRow
	competitors []dbsqlc.ListCompetitorEventsRow
	snapshots   []dbsqlc.ListSnapshotsRow
	cycleEnds   []dbsqlc.ListCycleEndsRow
	running     []dbsqlc.RunningCyclesRow
}

// restore makes the writer's state and its log of what Postgres holds. The lease is held already: no other writer
// commits any more.
func (w *Writer) restore(ctx context.Context) error {
	started := time.Now()
	//failpoint:restore.before_read
	t, err := w.readTables(ctx)
	if err != nil {
		return err
	}
	if err := w.term.Compare(t.feed); err != nil {
		return err
	}
	if w.zstd, err = encode.NewCodec(); err != nil {
		return err
	}
	//failpoint:restore.read
	entries, err := w.rebuild(ctx, t)
	if err == nil {
		// The log drops cycle ends older than it keeps by the same rule as when they were written.
		w.log, err = feedlog.Restore(nil, entries, t.feed.Revision, t.feed.Floor)
	}
	if err != nil {
		return fmt.Errorf("%w: rebuilding the log: %w", pool.ErrSchema, err)
	}
	w.head = t.feed.Revision
	if t.feed.EvictKickoffBefore != nil {
		w.cutoff = encode.Micros(*t.feed.EvictKickoffBefore)
	}
	w.running = make(map[string]time.Time, len(t.running))
	running := make([]string, 0, len(t.running))
	for _, c := range t.running {
		w.running[c.CycleID] = c.StartedAt
		running = append(running, c.CycleID)
	}
	w.term.Restored(t.feed.Epoch, w.head, running)
	w.store.log.InfoContext(ctx, "rebuilt the log", "entries", len(entries), "head", w.head, "took", time.Since(started))
	return nil
}

// readTables reads everything in one REPEATABLE READ snapshot.
func (w *Writer) readTables(ctx context.Context) (t tables, err error) {
	once := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, w.store.pools.Write, once, func(tx pgx.Tx) (err error) {
		q := dbsqlc.New(tx)
		read := func(f func() error) {
			if err == nil {
				err = f()
			}
		}
		read(func() error { t.feed, err = q.ReadFeedState(ctx); return err })
		read(func() error { w.bookmakers, err = listBookmakers(ctx, q); return err })
		read(func() error { w.tournaments, err = listTournaments(ctx, q); return err })
		read(func() error { t.events, err = q.ListEvents(ctx); return err })
		read(func() error { t.competitors, err = q.ListCompetitorEvents(ctx); return err })
		read(func() error { t.snapshots, err = q.ListSnapshots(ctx); return err })
		read(func() error { t.cycleEnds, err = q.ListCycleEnds(ctx, t.feed.Floor); return err })
		read(func() error { t.running, err = q.RunningCycles(ctx); return err })
		return err
	})
	if err != nil {
		return tables{}, fmt.Errorf("reading the tables: %w", err)
	}
	return t, nil
}

// rebuild fills the state and makes the entries, byte by byte the ones that were published.
func (w *Writer) rebuild(ctx context.Context, t tables) ([]*feedlog.Entry, error) {
	w.state = newCommitted()
	entries := make([]*feedlog.Entry, 0, len(t.events)+2*len(t.snapshots)+len(t.cycleEnds))
	events, err := w.rebuildEvents(t)
	if err != nil {
		return nil, err
	}
	entries = append(entries, events...)
	snapshots, err := w.rebuildSnapshots(ctx, t.snapshots)
	if err != nil {
		return nil, err
	}
	entries = append(entries, snapshots...)
	for i := range t.cycleEnds {
		r := &t.cycleEnds[i]
		end := cycleEnd{id: r.CycleID, status: CycleStatus(r.Status), finishedAt: encode.Micros(r.FinishedAt), events: r.RemovedEvents}
		if r.EvictKickoffBefore != nil {
			cutoff := encode.Micros(*r.EvictKickoffBefore)
			end.cutoff = &cutoff
		}
		for j, id := range r.RemovedSnapshots {
			end.snapshots = append(end.snapshots, key{w.bookmakers.names[r.RemovedBookmakerIds[j]], id})
		}
		e, err := feedlog.NewCycleEnd(r.Revision, end.message())
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (w *Writer) rebuildEvents(t tables) ([]*feedlog.Entry, error) {
	competitors := make(map[string][]odds.CompetitorEvent, len(t.events))
	for _, r := range t.competitors {
		c := odds.CompetitorEvent{Bookmaker: w.bookmakers.names[r.BookmakerID], EventID: r.CompetitorEventID}
		competitors[r.SrID] = append(competitors[r.SrID], c)
	}
	entries := make([]*feedlog.Entry, 0, len(t.events))
	for i := range t.events {
		r := &t.events[i]
		e := &odds.Event{
			SrID: r.SrID, BetPawaEventID: r.BetpawaEventID, Name: r.Name, HomeTeam: r.HomeTeam, AwayTeam: r.AwayTeam,
			Kickoff: encode.Micros(r.Kickoff), Sport: r.Sport, Country: r.Country, Tournament: r.Tournament,
			Competitors: competitors[r.SrID],
		}
		slices.SortFunc(e.Competitors, compareCompetitors)
		w.state.putEvent(e)
		entry, err := feedlog.NewEvent(r.Revision, eventMessage(e))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// rebuildSnapshots uncompresses on all cores: it is what a warm start takes its time for.
func (w *Writer) rebuildSnapshots(ctx context.Context, rows []dbsqlc.ListSnapshotsRow) ([]*feedlog.Entry, error) {
	contents := make([]*feedlog.Entry, len(rows))
	states := make([]*CommittedSnapshot, len(rows))
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	const share = 64
	for from := 0; from < len(rows); from += share {
		group.Go(func() error {
			for i := from; i < min(from+share, len(rows)); i++ {
				var err error
				if contents[i], states[i], err = w.rebuildSnapshot(&rows[i]); err != nil {
					return fmt.Errorf("snapshot %d/%s: %w", rows[i].BookmakerID, rows[i].BookmakerEventID, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("rebuilding %d snapshots: %w", len(rows), err)
	}
	entries := contents
	for i := range rows {
		k := key{w.bookmakers.names[rows[i].BookmakerID], rows[i].BookmakerEventID}
		w.state.snapshots[k] = states[i]
		if rows[i].ConfirmationRevision == 0 {
			continue
		}
		e, err := feedlog.NewConfirmation(rows[i].ConfirmationRevision, confirmationMessage(k, states[i].LastConfirmedAt))
		if err != nil {
			return nil, fmt.Errorf("confirmation %v: %w", k, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (w *Writer) rebuildSnapshot(r *dbsqlc.ListSnapshotsRow) (*feedlog.Entry, *CommittedSnapshot, error) {
	framed, err := w.zstd.Decompress(r.Content)
	if err != nil {
		return nil, nil, err
	}
	state := &CommittedSnapshot{
		Revision: r.Revision, CapturedAt: encode.Micros(r.CapturedAt), LastConfirmedAt: encode.Micros(r.LastConfirmedAt),
		RequestedAt: encode.Micros(r.RequestedAt),
	}
	if state.Markets, state.Available, err = encode.Count(framed); err != nil {
		return nil, nil, err
	}
	entry, err := contentEntry(key{w.bookmakers.names[r.BookmakerID], r.BookmakerEventID}, state, framed)
	return entry, state, err
}
