// Package snapshot fixes how the bytes of a CachedSnapshot are laid out, so that the scraper encodes content once and
// the cache answers from the same bytes without decoding them:
//
//	header   fields 1–4: snapshot_id, bookmaker, bookmaker_event_id, captured_at
//	markets  field 6, framed, ordered by (market_id, line)
//	suffix   field 5, last_confirmed_at, always SuffixLen bytes, seconds and nanos always written
//
// The suffix stands last and has one size, so a confirmation replaces it without touching the rest; it is replaced,
// never stacked, since repeated occurrences of a message field merge. Any protobuf reader reads the result as an
// ordinary CachedSnapshot. Bytes made here are immutable once they are shared.
//
// The order of the fields is not the order of their numbers, and seconds and nanos are written although they may be 0:
// both are allowed in protobuf and kept by no marshaller, so these bytes are made by this package alone.
package snapshot

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Field numbers of CachedSnapshot and CachedMarket that the layout depends on. Those of CachedSnapshot have to stay below
// 16, where a tag is one byte.
const (
	fieldSnapshotID  = oddscachev1.CachedSnapshot_SnapshotId_FieldNumber
	fieldBookmaker   = oddscachev1.CachedSnapshot_Bookmaker_FieldNumber
	fieldEventID     = oddscachev1.CachedSnapshot_BookmakerEventId_FieldNumber
	fieldCapturedAt  = oddscachev1.CachedSnapshot_CapturedAt_FieldNumber
	fieldConfirmedAt = oddscachev1.CachedSnapshot_LastConfirmedAt_FieldNumber
	fieldMarkets     = oddscachev1.CachedSnapshot_Markets_FieldNumber

	fieldMarketID = oddscachev1.CachedMarket_MarketId_FieldNumber
)

// ErrLayout is what an error wraps when bytes are not laid out as this package does it.
var ErrLayout = errors.New("snapshot bytes are not in canonical layout")

// Header is what stands before the markets.
type Header struct {
	SnapshotID int64 // revision of the content
	Bookmaker  string
	EventID    string // the bookmaker's own id
	CapturedAt time.Time
}

// Append appends a whole CachedSnapshot to dst. markets are framed by AppendMarket, in order of (market_id, line): caches
// search them by id.
func Append(dst []byte, h Header, markets []byte, confirmedAt time.Time) []byte {
	dst = protowire.AppendTag(dst, fieldSnapshotID, protowire.VarintType)
	dst = protowire.AppendVarint(dst, uint64(h.SnapshotID))
	dst = protowire.AppendTag(dst, fieldBookmaker, protowire.BytesType)
	dst = protowire.AppendString(dst, h.Bookmaker)
	dst = protowire.AppendTag(dst, fieldEventID, protowire.BytesType)
	dst = protowire.AppendString(dst, h.EventID)
	dst = appendTime(dst, fieldCapturedAt, h.CapturedAt)
	dst = append(dst, markets...)
	return AppendSuffix(dst, confirmedAt)
}

// AppendMarket appends a market, framed as an element of CachedSnapshot.markets.
func AppendMarket(dst []byte, m *oddscachev1.CachedMarket) ([]byte, error) {
	dst = protowire.AppendTag(dst, fieldMarkets, protowire.BytesType)
	opts := proto.MarshalOptions{Deterministic: true}
	dst = protowire.AppendVarint(dst, uint64(opts.Size(m)))
	dst, err := opts.MarshalAppend(dst, m)
	if err != nil {
		return dst, fmt.Errorf("encoding market %s: %w", m.GetMarketId(), err)
	}
	return dst, nil
}

// Canonical brings any encoding of a CachedSnapshot into the layout; bytes that are in it already are returned as
// they are. It is for snapshots of a peer that encodes differently.
func Canonical(b []byte) ([]byte, error) {
	if _, err := Split(b); err == nil {
		return b, nil
	}
	var s oddscachev1.CachedSnapshot
	if err := proto.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("decoding snapshot of %d bytes: %w", len(b), err)
	}
	var markets []byte
	for _, m := range s.GetMarkets() {
		var err error
		if markets, err = AppendMarket(markets, m); err != nil {
			return nil, err
		}
	}
	h := Header{
		SnapshotID: s.GetSnapshotId(), Bookmaker: s.GetBookmaker(), EventID: s.GetBookmakerEventId(),
		CapturedAt: s.GetCapturedAt().AsTime(),
	}
	return Append(nil, h, markets, s.GetLastConfirmedAt().AsTime()), nil
}
