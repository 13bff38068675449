package store

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Batch is what one transaction brings. Nothing of it is kept or changed by Apply.
type Batch struct {
	// CycleID is the cycle that the captures belong to; empty for a refresh outside of cycles.
	CycleID string
	// Events are desired states: name, teams, kickoff, sport, country and tournament exactly as given, so whoever
	// builds them applies the precedence of bookmakers (Writer.Event tells what is committed). Ids merge: a bookmaker
	// that the event does not list here keeps the id that is committed, so one that failed or was not asked loses
	// nothing. An id that another event lists moves here. Of events in a batch that contradict each other the last
	// wins. Events that say what is committed already cost nothing.
	Events []odds.Event
	// Snapshots are captures, of events that are committed or in Events.
	Snapshots []odds.Snapshot
	// Prepared are captures like Snapshots, for which Prepare has done a part of the work.
	Prepared []Prepared
	// Missing are events that a bookmaker does not list any more. All their markets become unavailable.
	Missing []Absence
}

// Absence says that a bookmaker does not list an event any more although the tournament it stood in answered. It
// counts as a capture: STALE_CAPTURE and precedence by Request hold for it too. Absences of unknown snapshots and of
// events that have kicked off at SeenAt are ignored.
type Absence struct {
	Bookmaker   odds.Bookmaker
	EventID     string    // the bookmaker's own id
	Request     uint64    // numbers the list's request, as odds.Snapshot.Request does
	RequestedAt time.Time // when the list was asked for
	SeenAt      time.Time // when its answer was complete; becomes unavailable_at
}

// BatchResult says what a batch did.
type BatchResult struct {
	// Revision includes everything the batch wrote; the head as it was when it wrote nothing.
	Revision int64
	// CommittedAt is when Postgres acknowledged the commit, with a monotonic reading; zero when nothing was written.
	CommittedAt time.Time

	// EventsChanged counts events that were written, old owners of moved ids among them.
	EventsChanged int
	// Changed counts captures stored with new content.
	Changed map[odds.Bookmaker]int
	// Confirmed counts snapshots seen again with the content they had.
	Confirmed map[odds.Bookmaker]int
	// SnapshotsRejected counts captures that were not stored: with Changed and Confirmed they are all of the batch's.
	SnapshotsRejected map[odds.Bookmaker]odds.Rejections
	// Withdrawn counts snapshots of which an absence withdrew every market.
	Withdrawn map[odds.Bookmaker]int
	// MarketsChanged counts markets whose content changed; each has its row in the history.
	MarketsChanged int
	// Rejected counts everything that was not stored, captures among it. An event counts for the first bookmaker that
	// lists it.
	Rejected map[odds.Bookmaker]odds.Rejections

	LookupsMS    float64 // checking, and finding what is committed
	ProcessingMS float64 // encoding, comparing and compressing
	FlushMS      float64 // sending rows to Postgres
	CommitMS     float64 // the commit, the resolving of an unknown one included
}

func newBatchResult() BatchResult {
	return BatchResult{
		Changed:           make(map[odds.Bookmaker]int),
		Confirmed:         make(map[odds.Bookmaker]int),
		Withdrawn:         make(map[odds.Bookmaker]int),
		SnapshotsRejected: make(map[odds.Bookmaker]odds.Rejections),
		Rejected:          make(map[odds.Bookmaker]odds.Rejections),
	}
}

// reject counts a rejection.
func (r *BatchResult) reject(b odds.Bookmaker, reason odds.Reason) { r.rejectParts(b, reason, 1) }

// rejectParts counts parts of a capture; the rest of it stands.
func (r *BatchResult) rejectParts(b odds.Bookmaker, reason odds.Reason, n int) {
	addRejections(r.Rejected, b, reason, n)
}

// rejectCapture counts a capture, or an absence, that is not stored.
func (r *BatchResult) rejectCapture(c *capture, reason odds.Reason) {
	r.reject(c.bookmaker, reason)
	if !c.absence {
		addRejections(r.SnapshotsRejected, c.bookmaker, reason, 1)
	}
}

func addRejections(rejected map[odds.Bookmaker]odds.Rejections, b odds.Bookmaker, reason odds.Reason, n int) {
	if rejected[b] == nil {
		rejected[b] = make(odds.Rejections)
	}
	rejected[b][reason] += n
}
