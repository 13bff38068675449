package snapshot

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// SuffixLen is the size of an encoded last_confirmed_at: tag, length, and two five-byte varints with their tags.
const SuffixLen = 14

// timestampLen is the size of the Timestamp inside, without the field's tag and length.
const timestampLen = SuffixLen - 2

// Tags of one byte.
const (
	confirmedAtTag = byte(fieldConfirmedAt)<<3 | byte(protowire.BytesType)
	secondsTag     = byte(oddscachev1.Timestamp_Seconds_FieldNumber)<<3 | byte(protowire.VarintType)
	nanosTag       = byte(oddscachev1.Timestamp_Nanos_FieldNumber)<<3 | byte(protowire.VarintType)
)

// AppendSuffix appends last_confirmed_at. Instants outside 1970–3058 are brought to the nearest of these bounds,
// since a wider one would need more bytes; no odds are that old.
func AppendSuffix(dst []byte, t time.Time) []byte { return appendTime(dst, fieldConfirmedAt, t) }

// SuffixTime reads what AppendSuffix wrote; false for bytes that are no suffix.
func SuffixTime(suffix []byte) (time.Time, bool) {
	if len(suffix) != SuffixLen || suffix[0] != confirmedAtTag || suffix[1] != timestampLen ||
		suffix[2] != secondsTag || suffix[8] != nanosTag {
		return time.Time{}, false
	}
	seconds, ok := varint5(suffix[3:8])
	if !ok {
		return time.Time{}, false
	}
	nanos, ok := varint5(suffix[9:14])
	if !ok || nanos >= uint64(time.Second) {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), int64(nanos)).UTC(), true
}

// appendTime appends a Timestamp field of always SuffixLen bytes (for field numbers up to 15):
//
//	tag, length 12, tag of seconds, 5 bytes, tag of nanos, 5 bytes
func appendTime(dst []byte, field protowire.Number, t time.Time) []byte {
	seconds, nanos := t.Unix(), t.Nanosecond()
	switch {
	case seconds < 0:
		seconds, nanos = 0, 0
	case seconds >= 1<<35:
		seconds, nanos = 1<<35-1, 0
	}
	dst = append(dst, byte(field)<<3|byte(protowire.BytesType), timestampLen, secondsTag)
	dst = appendVarint5(dst, uint64(seconds))
	dst = append(dst, nanosTag)
	return appendVarint5(dst, uint64(nanos))
}

// appendVarint5 writes v < 2^35 in five bytes; protobuf readers accept varints longer than they need to be.
func appendVarint5(dst []byte, v uint64) []byte {
	return append(dst, byte(v)|0x80, byte(v>>7)|0x80, byte(v>>14)|0x80, byte(v>>21)|0x80, byte(v>>28)&0x7f)
}

// varint5 reads what appendVarint5 wrote; false for a varint of another length.
func varint5(b []byte) (uint64, bool) {
	v, n := protowire.ConsumeVarint(b)
	return v, n == 5
}
