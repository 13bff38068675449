package frame

import (
	"fmt"

	"google.golang.org/grpc/mem"

	"github.com/oddscache/oddscache/pkg/snapshot"
)

// Content is what a bookmaker offers for an event, as the feed brought it, with an index of its markets. It is
// immutable, and its buffers are parts of it, so that content costs few allocations.
type Content struct {
	// What a response with a market needs comes first: 64 bytes, a line of the processor's cache.
	body   mem.SliceBuffer // header and markets; the content's own suffix stands behind it
	table  []uint16        // where the markets of each id begin, see index.go; empty when not sorted
	header int32           // bytes before the first market
	count  int32           // markets
	// sorted reports that market ids ascend bytewise and that there is a table of them; reencoded that the body is a copy of
	// its own, since the feed's bytes were laid out differently.
	sorted, reencoded bool
	room              [prefixRoom]byte

	prefix mem.SliceBuffer // tag and length of the whole snapshot, suffix included; in room
	// Bookmaker and EventID are the snapshot's key.
	Bookmaker string
	EventID   string
}

// NewContent cuts an encoded CachedSnapshot with the given key. body is kept and must not be changed. It fails when
// body is not a CachedSnapshot.
func NewContent(bookmaker, eventID string, body []byte) (*Content, error) {
	if c, err := cut(bookmaker, eventID, body); err == nil {
		return c, nil
	}
	laidOut, err := snapshot.Canonical(body)
	if err != nil {
		return nil, fmt.Errorf("reading snapshot %s/%s: %w", bookmaker, eventID, err)
	}
	c, err := cut(bookmaker, eventID, laidOut)
	if err != nil {
		return nil, fmt.Errorf("splitting snapshot %s/%s: %w", bookmaker, eventID, err)
	}
	c.reencoded = true
	return c, nil
}

// cut is NewContent for a body that is laid out as the package snapshot does it.
func cut(bookmaker, eventID string, body []byte) (*Content, error) {
	v, err := snapshot.Cut(body)
	if err != nil {
		return nil, err //nolint:wrapcheck // NewContent says whose it is
	}
	end := len(body) - snapshot.SuffixLen
	c := &Content{
		Bookmaker: bookmaker, EventID: eventID,
		body: body[:end], header: int32(len(v.Header)), sorted: true,
	}
	c.prefix = appendPrefix(c.room[:0], fieldSnapshots, len(body))
	return c, c.index(v.Markets)
}

// prefixRoom is room for a tag and the length of a snapshot: one byte and five.
const prefixRoom = 6

// Markets is the number of markets.
func (c *Content) Markets() int { return int(c.count) }

// Index is the number of entries in the index of markets.
func (c *Content) Index() int { return len(c.table) }

// Copied is the size of the bytes that the content holds beside the feed's own; 0 in the normal case.
func (c *Content) Copied() int {
	if !c.reencoded {
		return 0
	}
	return len(c.body) + snapshot.SuffixLen
}

// size is the size of the frame, prefix included.
func (c *Content) size() int { return len(c.prefix) + len(c.body) + snapshot.SuffixLen }

// Snapshot is content with the newest confirmation of it. A response refers to it where it is in memory, so it must not be changed
// once a Builder had it.
type Snapshot struct {
	*Content
	confirmed Suffix
}

// Suffix is an encoded last_confirmed_at, made by snapshot.AppendSuffix. It stands in the place of the content's own and
// has its size, so the frame's length stays true.
type Suffix [snapshot.SuffixLen]byte

// Unconfirmed is the content as it was captured.
func (c *Content) Unconfirmed() Snapshot {
	end := len(c.body)
	return Snapshot{Content: c, confirmed: Suffix(c.body[end : end+snapshot.SuffixLen])}
}

// Confirmed is the content with another last_confirmed_at.
func (c *Content) Confirmed(suffix Suffix) Snapshot { return Snapshot{Content: c, confirmed: suffix} }
