package world

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// block is one transaction. The first error stays.
type block struct {
	w       *World
	from    int64
	entries []*feedlog.Entry
	err     error
}

func (w *World) begin() *block { return &block{w: w, from: w.log.View().Head} }

func (b *block) next() int64 { return b.from + int64(len(b.entries)) + 1 }

func (b *block) add(e *feedlog.Entry, err error) {
	if b.err == nil {
		b.err = err
	}
	b.entries = append(b.entries, e)
}

func (b *block) commit() error {
	if b.err != nil {
		return fmt.Errorf("making entries: %w", b.err)
	}
	if err := b.w.log.Append(b.from, b.next()-1, b.entries); err != nil {
		return fmt.Errorf("appending to the log: %w", err)
	}
	return nil
}

// event writes an event's identity. Kickoffs are spread over five days.
func (b *block) event(i int) {
	e := &oddscachev1.Event{
		SrId: SrID(i), BetpawaEventId: bookmakerID("betpawa", i), Name: fmt.Sprintf("Home United %d - Away City %d", i, i),
		HomeTeam: fmt.Sprintf("Home United %d", i), AwayTeam: fmt.Sprintf("Away City %d", i),
		Kickoff: timestamppb.New(b.w.clock.Add(time.Duration(i%480) * 15 * time.Minute)),
		Sport:   "football", Country: "England", Tournament: "Premier League",
	}
	for _, o := range b.w.offers {
		if o.Bookmaker != "betpawa" {
			e.CompetitorEvents = append(e.CompetitorEvents, &oddscachev1.CompetitorEvent{
				Bookmaker: o.Bookmaker, CompetitorEventId: bookmakerID(o.Bookmaker, i),
			})
		}
	}
	b.add(feedlog.NewEvent(b.next(), e))
}

// snapshot writes one of the variants.
func (b *block) snapshot(i, offer int) {
	bookmaker := b.w.offers[offer].Bookmaker
	h := snapshot.Header{SnapshotID: b.next(), Bookmaker: bookmaker, EventID: bookmakerID(bookmaker, i), CapturedAt: b.w.clock}
	content := b.w.content[offer][(i+offer+int(b.from))%variants]
	b.add(feedlog.NewSnapshot(h.SnapshotID, snapshot.Append(nil, h, content, b.w.clock)))
}
