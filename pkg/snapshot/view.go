package snapshot

import (
	"fmt"
	"iter"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// View is a snapshot cut at the borders of its layout. Its slices alias the bytes that were split, and their capacity ends
// where they do, so that appending to one never writes into the next.
type View struct {
	Header  []byte // fields 1–4
	Markets []byte // framed markets
	Suffix  []byte // last_confirmed_at, SuffixLen bytes
}

// Split cuts b. It returns ErrLayout when b is not in canonical layout; it does not look inside markets beyond their
// frames.
func Split(b []byte) (View, error) {
	v, err := Cut(b)
	if err != nil {
		return View{}, err
	}
	for at := 0; at < len(v.Markets); {
		n := frameLen(v.Markets[at:])
		if n < 0 {
			return View{}, fmt.Errorf("market frame at byte %d: %w", len(v.Header)+at, ErrLayout)
		}
		at += n
	}
	return v, nil
}

// Cut is Split without a look at the markets: the caller reads them anyway and finds out whether they are framed.
func Cut(b []byte) (View, error) {
	if len(b) < SuffixLen {
		return View{}, fmt.Errorf("%d bytes: %w", len(b), ErrLayout)
	}
	body, suffix := b[:len(b)-SuffixLen], b[len(b)-SuffixLen:]
	if _, ok := SuffixTime(suffix); !ok {
		return View{}, fmt.Errorf("no last_confirmed_at at the end: %w", ErrLayout)
	}
	header := 0
	for header < len(body) {
		num, typ, n := protowire.ConsumeTag(body[header:])
		if n < 0 || num == fieldConfirmedAt {
			return View{}, fmt.Errorf("header at byte %d: %w", header, ErrLayout)
		}
		if num == fieldMarkets {
			break
		}
		v := protowire.ConsumeFieldValue(num, typ, body[header+n:])
		if v < 0 {
			return View{}, fmt.Errorf("header field %d: %w", num, ErrLayout)
		}
		header += n + v
	}
	return View{Header: body[:header:header], Markets: body[header:len(body):len(body)], Suffix: suffix}, nil
}

// frameLen is the length of the framed market at the start of b, negative if there is none.
func frameLen(b []byte) int {
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 || num != fieldMarkets || typ != protowire.BytesType {
		return -1
	}
	_, m := protowire.ConsumeBytes(b[n:])
	if m < 0 {
		return -1
	}
	return n + m
}

// Frames yields the framed markets one after another. markets must come from Split or AppendMarket.
func Frames(markets []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(markets) > 0 {
			n := frameLen(markets)
			if n < 0 || !yield(markets[:n:n]) {
				return
			}
			markets = markets[n:]
		}
	}
}

// MarketBody is the encoded CachedMarket inside a frame; nil if frame is none.
func MarketBody(frame []byte) []byte {
	_, _, n := protowire.ConsumeTag(frame)
	if n < 0 {
		return nil
	}
	body, m := protowire.ConsumeBytes(frame[n:])
	if m < 0 {
		return nil
	}
	return body
}

// MarketID is the market_id inside a frame, aliasing it; nil if there is none.
func MarketID(frame []byte) []byte {
	body := MarketBody(frame)
	num, typ, n := protowire.ConsumeTag(body)
	if n < 0 || num != fieldMarketID || typ != protowire.BytesType {
		return nil
	}
	id, m := protowire.ConsumeBytes(body[n:])
	if m < 0 {
		return nil
	}
	return id
}

// ConfirmedAt is the instant in the suffix.
func (v View) ConfirmedAt() time.Time {
	t, _ := SuffixTime(v.Suffix)
	return t
}

// ParseHeader reads the fields before the markets.
func (v View) ParseHeader() (Header, error) {
	var h Header
	for b := v.Header; len(b) > 0; {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return h, fmt.Errorf("snapshot header: %w", ErrLayout)
		}
		value := b[n:]
		m := protowire.ConsumeFieldValue(num, typ, value)
		if m < 0 {
			return h, fmt.Errorf("snapshot header field %d: %w", num, ErrLayout)
		}
		switch {
		case num == fieldSnapshotID && typ == protowire.VarintType:
			id, _ := protowire.ConsumeVarint(value)
			h.SnapshotID = int64(id)
		case num == fieldBookmaker && typ == protowire.BytesType:
			h.Bookmaker, _ = protowire.ConsumeString(value)
		case num == fieldEventID && typ == protowire.BytesType:
			h.EventID, _ = protowire.ConsumeString(value)
		case num == fieldCapturedAt && m == timestampLen+1:
			suffixed := append([]byte{confirmedAtTag}, value[:m]...)
			h.CapturedAt, _ = SuffixTime(suffixed)
		}
		b = value[m:]
	}
	return h, nil
}
