// Package history keeps what went over the feed and what caches answered, and validates it afterwards.
//
// The validators know nothing of how a history was made: the random histories of the package feedmodel and the faults
// of real processes are held to the same rules.
package history

import (
	"time"

	"github.com/oddscache/oddscache/pkg/feedlog"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Stream is one stream of the feed, as the source sent it or as a replica received it.
type Stream struct {
	Replica   string
	Subscribe *oddscachev1.Subscribe
	Start     *oddscachev1.Start // nil when it ended before
	Messages  []Message          // batches and progress, in order
	CaughtUp  bool               // a caught-up progress was among them
}

// Full reports whether the stream is a full sync.
func (s *Stream) Full() bool {
	return s.Start.GetMode() == oddscachev1.StreamMode_STREAM_MODE_FULL
}

// Message is a batch or a progress.
type Message struct {
	At       time.Time
	Batch    *feedlog.Batch        // nil for progress
	Progress *oddscachev1.Progress // nil for a batch
}

// Sample is one answer of a cache.
type Sample struct {
	Replica string
	Process int // counts the restarts of the replica
	At      time.Time
	// Transit is how long the last caught-up heartbeat was under way, as far as the test delayed it. The age of an
	// answer counts from its arrival: no clocks are compared.
	Transit time.Duration
	// Freshness is the answer's own; Events are what it says of every event and id that was asked for.
	Freshness *oddscachev1.Freshness
	Events    []*oddscachev1.EventSnapshots
}

// Head is the newest revision of an epoch from an instant on.
type Head struct {
	At       time.Time
	Epoch    string
	Revision int64
}
