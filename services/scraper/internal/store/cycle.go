package store

import (
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/clock"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// CycleStatus says how a cycle went.
type CycleStatus string

// The statuses, spelled as in the table and, with the prefix CYCLE_STATUS_, in the protocol.
const (
	Running   CycleStatus = "RUNNING"
	Succeeded CycleStatus = "SUCCEEDED"
	Partial   CycleStatus = "PARTIAL" // some bookmaker or tournament failed, or clocks differed
	Failed    CycleStatus = "FAILED"  // nothing is evicted
)

// Cycle is one scrape of everything.
type Cycle struct {
	ID             string // a UUID
	Status         CycleStatus
	StartedAt      time.Time
	FinishedAt     time.Time // zero while it runs
	Revision       int64     // of its cycle end; 0 while it runs
	Bookmakers     []BookmakerResult
	Events         int64  // found by discovery, over all bookmakers
	Snapshots      int64  // changed or confirmed
	MarketsChanged int64  // markets whose content changed
	EvictedEvents  int64  // events that the cycle end evicted
	Reason         string // why it is not SUCCEEDED
	Clocks         []clock.Offset

	// Took is how long it has run, by the monotonic clock. The table does not keep it.
	Took time.Duration
	// Skewed says that clocks differed by more than they may. The table keeps it in the reason.
	Skewed bool
}

// BookmakerResult is one bookmaker's part of a cycle. The table keeps it as JSON.
type BookmakerResult struct {
	Bookmaker         odds.Bookmaker  `json:"bookmaker"`
	Listed            int64           `json:"listed"`             // events that discovery listed
	Requested         int64           `json:"asked"`              // details asked for
	Fetched           int64           `json:"fetched"`            // details that answered with something readable
	Changed           int64           `json:"changed"`            // snapshots stored with new content
	Confirmed         int64           `json:"confirmed"`          // snapshots seen again as they were
	Blocked           int64           `json:"blocked"`            // requests that met push-back
	Failed            int64           `json:"failed"`             // requests that failed otherwise, after retries
	Skipped           int64           `json:"skipped,omitempty"`  // events that went without it because it was backed off
	Tournaments       int64           `json:"tournaments"`        // tournaments asked in discovery
	TournamentsFailed int64           `json:"tournaments_failed"` // tournaments that did not answer
	DiscoveryError    string          `json:"discovery_error,omitempty"`
	LatencyP50MS      float64         `json:"latency_p50_ms,omitempty"` // of detail requests
	LatencyP95MS      float64         `json:"latency_p95_ms,omitempty"`
	Rejections        odds.Rejections `json:"refusals,omitempty"`
	DetailsRejected   int64           `json:"details_refused,omitempty"`   // details that could not be used as a whole
	SnapshotsRejected int64           `json:"snapshots_refused,omitempty"` // fetched and not stored
	Withdrawn         int64           `json:"withdrawn,omitempty"`         // snapshots of events that are not listed any more
	Findings          []Finding       `json:"doubts,omitempty"`

	// Lost counts the rejections of whole details and snapshots, which are among Rejections. The table does not keep it.
	Lost odds.Rejections `json:"-"`
}

// Finding counts events of which a bookmaker says something that is not believed, or not yet.
type Finding struct {
	Reason   odds.Reason    `json:"reason"`
	Count    int64          `json:"count"`
	Examples []FindingEvent `json:"examples,omitempty"`
}

// FindingEvent is an event of which something is doubted.
type FindingEvent struct {
	SrID    string `json:"sr_id"`
	EventID string `json:"event_id"` // the bookmaker's own
	Detail  string `json:"detail"`
}

// ended reports whether a cycle can end with this status.
func (s CycleStatus) ended() bool { return s == Succeeded || s == Partial || s == Failed }
