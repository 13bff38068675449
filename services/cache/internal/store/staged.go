package store

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/snapshot"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
)

// ErrEntry is what an error wraps when an entry's content cannot be read. Its batch is not applied.
var ErrEntry = errors.New("entry cannot be read")

// staged is an entry, decoded as far as the index needs it. Everything that can fail is done before the log changes,
// so that a batch is applied whole or not at all.
type staged struct {
	identity *Identity      // of an event
	content  *frame.Content // of a snapshot
	suffix   frame.Suffix   // of a confirmation
}

func (x *Index) stage(dst []staged, entries []*feedlog.Entry) ([]staged, error) {
	for i, e := range entries {
		var s staged
		var err error
		switch e.Key.Kind {
		case feedlog.KindEvent:
			s.identity, err = readIdentity(e.Body, e.Revision)
		case feedlog.KindSnapshot:
			x.rests.after(restContents, i)
			s.content, err = frame.NewContent(e.Key.Bookmaker, e.Key.ID, e.Body)
		case feedlog.KindConfirmation:
			x.rests.after(restKeys, i)
			s.suffix, err = readConfirmation(e.Body)
		case feedlog.KindCycleEnd: // decoded by the log
		}
		if err != nil {
			return dst, fmt.Errorf("staging %v at revision %d: %w", e.Key, e.Revision, errors.Join(ErrEntry, err))
		}
		dst = append(dst, s)
	}
	return dst, nil
}

// Field numbers of Confirmation and Timestamp.
const (
	confirmationConfirmedAt protowire.Number = 2
	timestampSeconds        protowire.Number = 1
	timestampNanos          protowire.Number = 2
)

// readConfirmation makes the suffix that a Confirmation stands for. It reads by hand because an unchanged cycle
// consists of confirmations.
func readConfirmation(body []byte) (suffix frame.Suffix, err error) {
	var seconds, nanos uint64
	err = fields(body, func(num protowire.Number, typ protowire.Type, value []byte) error {
		if num != confirmationConfirmedAt || typ != protowire.BytesType {
			return nil
		}
		at, _ := protowire.ConsumeBytes(value)
		return fields(at, func(num protowire.Number, typ protowire.Type, value []byte) error {
			switch v, _ := protowire.ConsumeVarint(value); {
			case num == timestampSeconds && typ == protowire.VarintType:
				seconds = v
			case num == timestampNanos && typ == protowire.VarintType:
				nanos = v
			}
			return nil
		})
	})
	if err != nil {
		return suffix, fmt.Errorf("reading confirmation of %d bytes: %w", len(body), err)
	}
	t := time.Unix(int64(seconds), int64(int32(nanos)))
	snapshot.AppendSuffix(suffix[:0], t)
	return suffix, nil
}

// fields calls do for every field of an encoded message.
func fields(b []byte, do func(num protowire.Number, typ protowire.Type, value []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("reading a tag: %w", protowire.ParseError(n))
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return fmt.Errorf("reading field %d: %w", num, protowire.ParseError(m))
		}
		if err := do(num, typ, b[n:n+m]); err != nil {
			return err
		}
		b = b[n+m:]
	}
	return nil
}
