package feedlog

import (
	"errors"
	"fmt"
	"unique"

	"github.com/cespare/xxhash/v2"
	"google.golang.org/protobuf/encoding/protowire"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// ErrWire is what an error wraps when bytes are not an entry.
var ErrWire = errors.New("bytes are not an entry of the feed")

// Field numbers of Entry and of the messages whose keys are read without decoding them.
const (
	entryRevision     = oddscachev1.Entry_Revision_FieldNumber
	entryEvent        = oddscachev1.Entry_Event_FieldNumber
	entrySnapshot     = oddscachev1.Entry_Snapshot_FieldNumber
	entryConfirmation = oddscachev1.Entry_Confirmation_FieldNumber
	entryCycleEnd     = oddscachev1.Entry_CycleEnd_FieldNumber

	eventSrID            = oddscachev1.Event_SrId_FieldNumber
	snapshotBookmaker    = oddscachev1.CachedSnapshot_Bookmaker_FieldNumber
	snapshotEventID      = oddscachev1.CachedSnapshot_BookmakerEventId_FieldNumber
	snapshotMarkets      = oddscachev1.CachedSnapshot_Markets_FieldNumber
	confirmationSnapshot = oddscachev1.Confirmation_Snapshot_FieldNumber
	snapshotKeyBookmaker = oddscachev1.SnapshotKey_Bookmaker_FieldNumber
	snapshotKeyEventID   = oddscachev1.SnapshotKey_BookmakerEventId_FieldNumber
)

// Parse reads one framed entry. The entry aliases b, which must not be changed. It returns ErrWire for anything that
// is not exactly one entry with a revision and a key: no kind, two kinds, trailing bytes. Unknown fields are skipped. The
// body is not checked beyond the key; whoever uses it decodes it.
func Parse(b []byte) (*Entry, error) { return parse(b, nil) }

// parse is Parse with calls of yield, see DecodeBatch.
func parse(b []byte, yield func()) (*Entry, error) {
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 || num != batchEntries || typ != protowire.BytesType {
		return nil, fmt.Errorf("frame of %d bytes: %w", len(b), ErrWire)
	}
	inner, m := protowire.ConsumeBytes(b[n:])
	if m < 0 || n+m != len(b) {
		return nil, fmt.Errorf("frame of %d bytes: %w", len(b), ErrWire)
	}
	e := &Entry{Frame: b, sum: xxhash.Sum64(b)}
	var member protowire.Number // of the oneof; 0 until it was read
	for len(inner) > 0 {
		num, typ, n := protowire.ConsumeTag(inner)
		if n < 0 {
			return nil, fmt.Errorf("entry: %w", ErrWire)
		}
		m := protowire.ConsumeFieldValue(num, typ, inner[n:])
		if m < 0 {
			return nil, fmt.Errorf("entry field %d: %w", num, ErrWire)
		}
		switch {
		case num == entryRevision && typ == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(inner[n:])
			e.Revision = int64(v)
		case num >= entryEvent && num <= entryCycleEnd && typ == protowire.BytesType && member == 0:
			member = num
			e.Body, _ = protowire.ConsumeBytes(inner[n:])
		case num >= entryEvent && num <= entryCycleEnd:
			return nil, fmt.Errorf("entry with field %d beside field %d: %w", num, member, ErrWire)
		}
		inner = inner[n+m:]
	}
	if err := e.readKey(member, yield); err != nil {
		return nil, fmt.Errorf("entry at revision %d: %w", e.Revision, err)
	}
	return e, nil
}

// readKey finds the key in the body, decoding only cycle ends: a log needs to know what they remove, and nothing of the
// other kinds but the key.
func (e *Entry) readKey(member protowire.Number, yield func()) error {
	switch member {
	case entryEvent:
		e.Key = EventKey(stringField(e.Body, eventSrID))
	case entrySnapshot:
		e.Key = readSnapshotKey(e.Body)
	case entryConfirmation:
		key := bytesField(e.Body, confirmationSnapshot)
		e.Key = ConfirmationKey(intern(bytesField(key, snapshotKeyBookmaker)), stringField(key, snapshotKeyEventID))
	case entryCycleEnd:
		end, err := readCycleEnd(e.Body, yield)
		if err != nil {
			return err
		}
		e.Key, e.CycleEnd = CycleEndKey(end.CycleID), end
	default:
		return fmt.Errorf("no known kind: %w", ErrWire)
	}
	snapshot := e.Key.Kind == KindSnapshot || e.Key.Kind == KindConfirmation
	if e.Revision <= 0 || e.Key.ID == "" || snapshot && e.Key.Bookmaker == "" {
		return fmt.Errorf("no revision or no key (%v): %w", e.Key, ErrWire)
	}
	return nil
}

// readSnapshotKey finds the key of an encoded CachedSnapshot. It comes before the markets, as the package snapshot lays
// it out, and these are hundreds: they are read only where the key is not found before them.
func readSnapshotKey(b []byte) Key {
	var bookmaker, id []byte
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || num == snapshotMarkets && len(bookmaker) > 0 && len(id) > 0 {
			break
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			break
		}
		switch {
		case num == snapshotBookmaker && typ == protowire.BytesType:
			bookmaker, _ = protowire.ConsumeBytes(b[n:])
		case num == snapshotEventID && typ == protowire.BytesType:
			id, _ = protowire.ConsumeBytes(b[n:])
		}
		b = b[n+m:]
	}
	return SnapshotKey(intern(bookmaker), string(id))
}

// intern shares the memory of names that very many keys have in common: those of bookmakers.
func intern(name []byte) string { return unique.Make(string(name)).Value() }

// bytesField is the last occurrence of a length-delimited field, which is the one that counts in protobuf; nil if there is
// none.
func bytesField(b []byte, field protowire.Number) []byte {
	var found []byte
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return nil
		}
		if num == field && typ == protowire.BytesType {
			found, _ = protowire.ConsumeBytes(b[n:])
		}
		b = b[n+m:]
	}
	return found
}

// stringField is bytesField copied into a string.
func stringField(b []byte, field protowire.Number) string { return string(bytesField(b, field)) }
