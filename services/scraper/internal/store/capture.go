package store

import (
	"slices"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/encode"
)

// capture is a snapshot or an absence: what was seen of one event at one bookmaker.
type capture struct {
	key
	srID        string // as the snapshot says it; for an absence the event that lists the key
	request     uint64 // the order of captures
	requestedAt time.Time
	prepared    time.Time // shortly after it was taken, with a monotonic reading; zero when that is not known
	absence     bool
	encode.Capture
}

// Prepared is a capture whose markets are encoded. Use Prepare.
type Prepared struct {
	Bookmaker odds.Bookmaker
	EventID   string // the bookmaker's own id

	capture capture
}

// Prepare does what storing a capture takes and depends on nothing that is committed: it encodes the markets. Whoever
// fetches many at once can so do most of the writer's work, which else does one after another. It is called when the
// snapshot has just been taken: from then on its age is known, whatever the clocks do. The snapshot's markets must not
// be changed any more.
func Prepare(s odds.Snapshot) Prepared {
	c := captureOf(&s)
	c.prepared = time.Now()
	c.Encode()
	return Prepared{Bookmaker: c.bookmaker, EventID: c.id, capture: c}
}

// captureOf brings a snapshot's markets into their order.
func captureOf(s *odds.Snapshot) capture {
	markets := s.Markets
	if !slices.IsSortedFunc(markets, compareMarkets) {
		markets = slices.Clone(markets)
		odds.SortMarkets(markets)
	}
	return capture{
		key: key{s.Bookmaker, s.EventID}, srID: s.SrID, request: s.Request,
		requestedAt: encode.Micros(s.RequestedAt),
		Capture: encode.Capture{
			Markets: markets, Unread: s.Unread, Complete: s.Complete, CapturedAt: encode.Micros(s.CapturedAt),
		},
	}
}

// captures brings a batch's snapshots and absences into one form: the newest of each key, in the order in which the
// keys appear, dated by what is known now. Older snapshots are rejected; an older absence has nothing to say beside a
// snapshot.
func captures(batch *Batch, now time.Time, result *BatchResult) []capture {
	all := make([]capture, 0, len(batch.Snapshots)+len(batch.Prepared)+len(batch.Missing))
	for i := range batch.Snapshots {
		all = append(all, captureOf(&batch.Snapshots[i]))
	}
	for i := range batch.Prepared {
		all = append(all, batch.Prepared[i].capture)
	}
	for _, a := range batch.Missing {
		all = append(all, capture{
			key: key{a.Bookmaker, a.EventID}, request: a.Request, absence: true, requestedAt: encode.Micros(a.RequestedAt),
			Capture: encode.Capture{CapturedAt: encode.Micros(a.SeenAt), Complete: true},
		})
	}

	at := make(map[key]int, len(all))
	newest := all[:0]
	for _, c := range all {
		c.date(now)
		i, twice := at[c.key]
		if !twice {
			at[c.key] = len(newest)
			newest = append(newest, c)
			continue
		}
		older := c
		if c.request > newest[i].request {
			older, newest[i] = newest[i], c
		}
		if !older.absence {
			result.rejectCapture(&older, odds.StaleCapture)
		}
	}
	return newest
}

func compareMarkets(a, b odds.Market) int { return a.Compare(b.MarketKey) }

// collapse remembers that a snapshot's yield was low.
type collapse struct {
	cycles int    // in how many cycles in a row
	last   string // the last of them
}

// collapsed reports whether a capture lists so few of the available markets that it is not believed; those that it lists
// in a form that cannot be read are among the listed. A yield that stays low is believed in
// the CollapseCycles-th cycle in a row that sees it: bookmakers do close markets for good, shortly before kickoff for
// instance, and a wrong rejection must end by itself. Captures outside of cycles do not count towards that.
//
// The count is kept in memory: after a takeover it starts from scratch, which only delays.
func (w *Writer) collapsed(c *capture, cycleID string, listed, available int) bool {
	cfg := &w.store.cfg
	if available < cfg.CollapseFloor || float64(listed) >= cfg.CollapseShare*float64(available) {
		delete(w.collapses, c.key)
		return false
	}
	seen := w.collapses[c.key]
	if cycleID != "" && seen.last != cycleID {
		seen = collapse{cycles: seen.cycles + 1, last: cycleID}
		w.collapses[c.key] = seen
	}
	// It stays counted until a capture that is not low, so that a batch which has to be repeated decides the same.
	return seen.cycles < cfg.CollapseCycles
}
