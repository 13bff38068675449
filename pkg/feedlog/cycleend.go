package feedlog

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Field numbers of CycleEnd and RemovedKey.
const (
	cycleEndID         = oddscachev1.CycleEnd_CycleId_FieldNumber
	cycleEndFinishedAt = oddscachev1.CycleEnd_FinishedAt_FieldNumber
	cycleEndRemoved    = oddscachev1.CycleEnd_Removed_FieldNumber
	removedSrID        = oddscachev1.RemovedKey_SrId_FieldNumber
	removedSnapshot    = oddscachev1.RemovedKey_Snapshot_FieldNumber
)

// yieldKeys is how many keys are read between two calls of yield.
const yieldKeys = 64

// readCycleEnd decodes a CycleEnd. One may name hundreds of thousands of keys, so it is read by hand, twice: first to count
// them and to add up their ids, then to make the keys, whose ids are pieces of one string. That takes two allocations, not
// one for each key. yield is called every few microseconds; nil for none. It returns ErrWire.
func readCycleEnd(body []byte, yield func()) (*CycleEnd, error) {
	var finished timestamppb.Timestamp
	c := &CycleEnd{}
	var keys, bytes int
	err := eachBytes(body, func(num protowire.Number, value []byte) error {
		switch num {
		case cycleEndID:
			c.CycleID = string(value)
		case cycleEndFinishedAt:
			return proto.UnmarshalOptions{Merge: true}.Unmarshal(value, &finished)
		case cycleEndRemoved:
			if keys++; keys%yieldKeys == 0 && yield != nil {
				yield()
			}
			_, id, err := readRemoved(value, nil)
			bytes += len(id)
			return err
		default: // status and evict_kickoff_before are of no use here
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("decoding cycle end of %d bytes, key %d: %w", len(body), keys, errors.Join(ErrWire, err))
	}
	c.FinishedAt = finished.AsTime()
	c.Removed = make([]Key, 0, keys)
	var ids strings.Builder // of which all keys keep their piece
	ids.Grow(bytes)
	var known bookmakers
	return c, eachBytes(body, func(num protowire.Number, value []byte) error {
		if num != cycleEndRemoved {
			return nil
		}
		k, id, err := readRemoved(value, &known)
		if k.Kind != 0 {
			start := ids.Len()
			ids.Write(id)
			k.ID = ids.String()[start:]
			c.Removed = append(c.Removed, k)
		}
		if len(c.Removed)%yieldKeys == 0 && yield != nil {
			yield()
		}
		return err
	})
}

// readRemoved reads a RemovedKey; its id aliases b and is not in the key yet. Kind is 0 when it names nothing, as a kind of
// key would that this version does not know. Without known the bookmaker is left out.
func readRemoved(b []byte, known *bookmakers) (k Key, id []byte, err error) {
	err = eachBytes(b, func(num protowire.Number, value []byte) error {
		switch num {
		case removedSrID:
			k, id = Key{Kind: KindEvent}, value
		case removedSnapshot:
			if k.Kind != KindSnapshot {
				k, id = Key{Kind: KindSnapshot}, nil
			}
			return eachBytes(value, func(num protowire.Number, value []byte) error {
				switch {
				case num == snapshotKeyBookmaker && known != nil:
					k.Bookmaker = known.name(value)
				case num == snapshotKeyEventID:
					id = value
				}
				return nil
			})
		default:
		}
		return nil
	})
	return k, id, err
}

// bookmakers are the names that were read, the first mostBookmakers of them. Few names come again and again: searching a
// short list is faster than interning each.
type bookmakers []string

// mostBookmakers bounds the list, for a source that sends ever new names.
const mostBookmakers = 16

// name is b as a string that is shared with other keys.
func (all *bookmakers) name(b []byte) string {
	for _, name := range *all {
		if name == string(b) {
			return name
		}
	}
	name := intern(b)
	if len(*all) < mostBookmakers {
		*all = append(*all, name)
	}
	return name
}
