package feedlog

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Field numbers of Confirmation and Timestamp.
const (
	confirmationConfirmedAt = oddscachev1.Confirmation_LastConfirmedAt_FieldNumber
	timestampSeconds        = oddscachev1.Timestamp_Seconds_FieldNumber
	timestampNanos          = oddscachev1.Timestamp_Nanos_FieldNumber
)

// ConfirmedAt reads the time that an encoded Confirmation gives. It reads by hand because a cycle in which nothing changed
// consists of confirmations, tens of thousands of them. It returns ErrWire.
func ConfirmedAt(body []byte) (time.Time, error) {
	var seconds, nanos uint64
	err := eachField(body, func(num protowire.Number, typ protowire.Type, value []byte) error {
		if num != confirmationConfirmedAt || typ != protowire.BytesType {
			return nil
		}
		return eachField(value, func(num protowire.Number, typ protowire.Type, value []byte) error {
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
		return time.Time{}, fmt.Errorf("reading confirmation of %d bytes: %w", len(body), errors.Join(ErrWire, err))
	}
	return time.Unix(int64(seconds), int64(int32(nanos))), nil
}
