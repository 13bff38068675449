package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/store/dbsqlc"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
)

// ListCycles returns up to limit cycles, newest first, beginning after the cycle before (empty for the newest). It
// returns ErrNotFound when before is not the id of a cycle at all.
func (s *Store) ListCycles(ctx context.Context, before string, limit int) ([]Cycle, error) {
	if before != "" && uuid.Validate(before) != nil {
		return nil, fmt.Errorf("listing cycles before %.50q: %w", before, ErrNotFound)
	}
	var rows []dbsqlc.ListCyclesRow
	err := s.cycles.Read(ctx, func(ctx context.Context, q *dbsqlc.Queries) (err error) {
		rows, err = q.ListCycles(ctx, dbsqlc.ListCyclesParams{Before: before, Most: int32(limit)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing cycles: %w", err)
	}
	cycles := make([]Cycle, len(rows))
	for i := range rows {
		if cycles[i], err = cycleOf(dbsqlc.GetCycleRow(rows[i])); err != nil {
			return nil, err
		}
	}
	return cycles, nil
}

// GetCycle returns one cycle. It returns ErrNotFound.
func (s *Store) GetCycle(ctx context.Context, id string) (Cycle, error) {
	if uuid.Validate(id) != nil {
		return Cycle{}, fmt.Errorf("cycle %.50q: %w", id, ErrNotFound)
	}
	var row dbsqlc.GetCycleRow
	err := s.cycles.Read(ctx, func(ctx context.Context, q *dbsqlc.Queries) (err error) {
		row, err = q.GetCycle(ctx, id)
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Cycle{}, fmt.Errorf("cycle %s: %w", id, ErrNotFound)
	case err != nil:
		return Cycle{}, fmt.Errorf("reading cycle %s: %w", id, err)
	}
	return cycleOf(row)
}

func cycleOf(r dbsqlc.GetCycleRow) (Cycle, error) {
	c := Cycle{
		ID: r.CycleID, Status: CycleStatus(r.Status), StartedAt: encode.Micros(r.StartedAt), Revision: r.Revision, Events: r.Events,
		Snapshots: r.Snapshots, MarketsChanged: r.MarketsChanged, EvictedEvents: r.EvictedEvents, Reason: r.Reason,
	}
	if r.FinishedAt != nil {
		c.FinishedAt = encode.Micros(*r.FinishedAt)
	}
	if err := json.Unmarshal(r.Results, &c.Bookmakers); err != nil {
		return Cycle{}, fmt.Errorf("decoding the results of cycle %s: %w", c.ID, err)
	}
	if err := json.Unmarshal(r.Clocks, &c.Clocks); err != nil {
		return Cycle{}, fmt.Errorf("decoding the clocks of cycle %s: %w", c.ID, err)
	}
	return c, nil
}

// printable is a reason without what Postgres cannot hold: it may quote what a bookmaker sent.
func printable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}
