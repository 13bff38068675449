package feedlog

import (
	"fmt"
	"time"
)

// Kind says what an entry carries.
type Kind uint8

// The kinds of entries.
const (
	KindEvent Kind = iota + 1
	KindSnapshot
	KindConfirmation
	KindCycleEnd
)

// String is the kind in the words of the protocol.
func (k Kind) String() string {
	switch k {
	case KindEvent:
		return "event"
	case KindSnapshot:
		return "snapshot"
	case KindConfirmation:
		return "confirmation"
	case KindCycleEnd:
		return "cycle_end"
	default:
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
}

// Key names what an entry is the newest state of. Content and its confirmation differ in kind alone, so that one is found
// from the other.
type Key struct {
	Kind      Kind
	Bookmaker string // snapshots and confirmations
	ID        string // sr_id, bookmaker_event_id or cycle_id
}

// EventKey is the key of an event.
func EventKey(srID string) Key { return Key{Kind: KindEvent, ID: srID} }

// SnapshotKey is the key of a snapshot's content.
func SnapshotKey(bookmaker, eventID string) Key {
	return Key{Kind: KindSnapshot, Bookmaker: bookmaker, ID: eventID}
}

// ConfirmationKey is the key of a snapshot's confirmation.
func ConfirmationKey(bookmaker, eventID string) Key {
	return Key{Kind: KindConfirmation, Bookmaker: bookmaker, ID: eventID}
}

// CycleEndKey is the key of a cycle end; no two share one.
func CycleEndKey(cycleID string) Key { return Key{Kind: KindCycleEnd, ID: cycleID} }

// String is the key for logs.
func (k Key) String() string {
	if k.Bookmaker == "" {
		return k.Kind.String() + " " + k.ID
	}
	return k.Kind.String() + " " + k.Bookmaker + "/" + k.ID
}

// content is the key of the content that a confirmation confirms.
func (k Key) content() Key { k.Kind = KindSnapshot; return k }

// Entry is one write. It is immutable: the log, its views and the transport share it.
type Entry struct {
	Revision int64
	Key      Key
	// Frame is the entry as an element of Batch.entries: tag, length, encoded Entry. It is encoded once and sent to
	// every replica as it is.
	Frame []byte
	// Body is the encoded Event, CachedSnapshot, Confirmation or CycleEnd inside Frame.
	Body []byte
	// CycleEnd is what Body says, for cycle ends only.
	CycleEnd *CycleEnd

	sum uint64 // hash of Frame, which holds revision, key and content; a log's digest is the sum of its entries' hashes
}

// CycleEnd is a decoded cycle end, as far as the log needs it.
type CycleEnd struct {
	CycleID    string
	FinishedAt time.Time
	// Removed are the events and the contents that are evicted. Confirmations go with their contents and are not listed.
	Removed []Key
}
