package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store/pool"
)

// copyHistory takes rows as historyRows writes them.
const copyHistory = `COPY market_odds_history (captured_at, revision, bookmaker_id, line, available, sr_id, market_id, outcomes)
FROM STDIN (FORMAT binary)`

// historyColumns is how many columns copyHistory names.
const historyColumns = 8

// historyChunk is about how much of COPY's data is made at a time: as much as the driver sends in one message.
const historyChunk = 64 << 10

// historyRows makes rows of the history in COPY's binary format while they are read, so that Postgres takes in some
// while others are made. A first cycle has half a million, and pgx's own CopyFrom, which takes each value as an
// interface, spends more on them than Postgres does.
type historyRows struct {
	contents []contentWrite
	ids      map[odds.Bookmaker]int16
	content  int // the next row's
	change   int // the next row's, within its content
	bytes    []byte
	read     int // how much of bytes
	rows     int
	ended    bool
}

func newHistoryRows(contents []contentWrite, ids map[odds.Bookmaker]int16) *historyRows {
	h := &historyRows{contents: contents, ids: ids, bytes: make([]byte, 0, historyChunk+4096)}
	h.bytes = append(h.bytes, "PGCOPY\n\xff\r\n\x00"...)
	h.bytes = append(h.bytes, make([]byte, 8)...) // no flags, no extension of the header
	return h
}

// Read implements io.Reader.
func (h *historyRows) Read(p []byte) (int, error) {
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
func (h *historyRows) fill() {
	for ; h.content < len(h.contents); h.content++ {
		c := &h.contents[h.content]
		for ; h.change < len(c.changed); h.change++ {
			if len(h.bytes) >= historyChunk {
				return
			}
			h.add(c, h.ids[c.bookmaker], &c.changed[h.change])
		}
		h.change = 0
	}
	h.bytes, h.ended = append(h.bytes, 0xff, 0xff), true
}

// add appends a row.
func (h *historyRows) add(c *contentWrite, bookmakerID int16, m *change) {
	h.rows++
	h.bytes = binary.BigEndian.AppendUint16(h.bytes, historyColumns)
	h.int64(microsOfCopy(c.state.CapturedAt))
	h.int64(c.state.Revision)
	h.int16(bookmakerID)
	if m.Line.IsSet() {
		h.int16(int16(m.Line.Quarters())) // within ±4000
	} else {
		h.bytes = binary.BigEndian.AppendUint32(h.bytes, ^uint32(0)) // NULL
	}
	h.bool(m.available)
	h.text(c.srID)
	h.text(m.ID)
	at := len(h.bytes)
	h.bytes = appendOutcomes(binary.BigEndian.AppendUint32(h.bytes, 0), m.outcomes)
	binary.BigEndian.PutUint32(h.bytes[at:], uint32(len(h.bytes)-at-4))
}

func (h *historyRows) int64(v int64) {
	h.bytes = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(h.bytes, 8), uint64(v))
}

func (h *historyRows) int16(v int16) {
	h.bytes = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(h.bytes, 2), uint16(v))
}

func (h *historyRows) bool(v bool) {
	h.bytes = append(binary.BigEndian.AppendUint32(h.bytes, 1), 0)
	if v {
		h.bytes[len(h.bytes)-1] = 1
	}
}

func (h *historyRows) text(s string) {
	h.bytes = append(binary.BigEndian.AppendUint32(h.bytes, uint32(len(s))), s...)
}

// microsOfCopy is an instant as Postgres sends it: microseconds since 2000.
func microsOfCopy(t time.Time) int64 {
	const year2000 = 946_684_800_000_000
	return t.UnixMicro() - year2000
}

// appendOutcomes appends the history's form of outcomes: [["1",2.1],["2",3.55,false]].
func appendOutcomes(b []byte, outcomes []odds.Outcome) []byte {
	b = append(b, '[')
	for i := range outcomes {
		o := &outcomes[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = appendName(append(b, '['), o.Name)
		b = strconv.AppendFloat(append(b, ','), o.Odds, 'f', -1, 64)
		if !o.Active {
			b = append(b, ",false"...)
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

// appendName appends a JSON string. Names are UTF-8, and all but a few need no escape.
func appendName(b []byte, name string) []byte {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(name) //nolint:errchkjson // a string can always be encoded
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), name...), '"')
}

// flushHistory copies a row for each changed market.
func (w *Writer) flushHistory(ctx context.Context, tx pgx.Tx, contents []contentWrite) error {
	n := 0
	for i := range contents {
		n += len(contents[i].changed)
	}
	if n == 0 {
		return nil
	}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, newHistoryRows(contents, w.bookmakers.ids), copyHistory)
	if err != nil {
		return fmt.Errorf("copying %d rows of history: %w", n, err)
	}
	if tag.RowsAffected() != int64(n) {
		return fmt.Errorf("copying %d rows of history: %w: it took %d", n, pool.ErrSchema, tag.RowsAffected())
	}
	return nil
}
