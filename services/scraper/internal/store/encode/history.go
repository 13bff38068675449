package encode

import (
	"encoding/binary"
	"io"
	"time"
)

// CopyHistory takes rows as HistoryRows writes them.
const CopyHistory = `COPY market_odds_history (captured_at, revision, bookmaker_id, line, available, sr_id, market_id, outcomes)
FROM STDIN (FORMAT binary)`

// historyColumns is how many columns CopyHistory names.
const historyColumns = 8

// historyChunk is about how much of COPY's data is made at a time: as much as the driver sends in one message.
const historyChunk = 64 << 10

// HistoryContent is a snapshot's new content as the history keeps it.
type HistoryContent struct {
	BookmakerID int16
	SrID        string
	Revision    int64
	CapturedAt  time.Time
	Changed     []Change
}

// HistoryRows makes rows of the history in COPY's binary format while they are read, so that Postgres takes in some
// while others are made. A first cycle has half a million, and pgx's own CopyFrom, which takes each value as an
// interface, spends more on them than Postgres does.
type HistoryRows struct {
	contents []HistoryContent
	content  int // the next row's
	change   int // the next row's, within its content
	bytes    []byte
	read     int // how much of bytes
	ended    bool
}

// NewHistoryRows makes the rows of contents, one for each market that changed.
func NewHistoryRows(contents []HistoryContent) *HistoryRows {
	h := &HistoryRows{contents: contents, bytes: make([]byte, 0, historyChunk+4096)}
	h.bytes = append(h.bytes, "PGCOPY\n\xff\r\n\x00"...)
	h.bytes = append(h.bytes, make([]byte, 8)...) // no flags, no extension of the header
	return h
}

// Read implements io.Reader.
func (h *HistoryRows) Read(p []byte) (int, error) {
	if h.read == len(h.bytes) {
		if h.ended {
			return 0, io.EOF
		}
		h.bytes, h.read = h.bytes[:0], 0
		h.fill()
	}
	n := copy(p, h.bytes[h.read:])
	h.read += n
	return n, nil
}

// fill makes the next rows, and the format's trailer behind the last one.
func (h *HistoryRows) fill() {
	for ; h.content < len(h.contents); h.content++ {
		c := &h.contents[h.content]
		for ; h.change < len(c.Changed); h.change++ {
			if len(h.bytes) >= historyChunk {
				return
			}
			h.add(c, &c.Changed[h.change])
		}
		h.change = 0
	}
	h.bytes, h.ended = append(h.bytes, 0xff, 0xff), true
}

// add appends a row.
func (h *HistoryRows) add(c *HistoryContent, m *Change) {
	h.bytes = binary.BigEndian.AppendUint16(h.bytes, historyColumns)
	h.int64(microsOfCopy(c.CapturedAt))
	h.int64(c.Revision)
	h.int16(c.BookmakerID)
	if m.Line.IsSet() {
		h.int16(int16(m.Line.Quarters())) // within ±4000
	} else {
		h.bytes = binary.BigEndian.AppendUint32(h.bytes, ^uint32(0)) // NULL
	}
	h.bool(m.Available)
	h.text(c.SrID)
	h.text(m.ID)
	at := len(h.bytes)
	h.bytes = appendOutcomes(binary.BigEndian.AppendUint32(h.bytes, 0), m.Outcomes)
	binary.BigEndian.PutUint32(h.bytes[at:], uint32(len(h.bytes)-at-4))
}

func (h *HistoryRows) int64(v int64) {
	h.bytes = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(h.bytes, 8), uint64(v))
}

func (h *HistoryRows) int16(v int16) {
	h.bytes = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(h.bytes, 2), uint16(v))
}

func (h *HistoryRows) bool(v bool) {
	h.bytes = append(binary.BigEndian.AppendUint32(h.bytes, 1), 0)
	if v {
		h.bytes[len(h.bytes)-1] = 1
	}
}

func (h *HistoryRows) text(s string) {
	h.bytes = append(binary.BigEndian.AppendUint32(h.bytes, uint32(len(s))), s...)
}

// microsOfCopy is an instant as Postgres sends it: microseconds since 2000.
func microsOfCopy(t time.Time) int64 {
	const year2000 = 946_684_800_000_000
	return t.UnixMicro() - year2000
}
