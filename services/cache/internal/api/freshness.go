package api

import (
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Field numbers of Freshness, and of Timestamp and Duration, which are encoded alike.
const (
	freshnessEpoch         = oddscachev1.Freshness_Epoch_FieldNumber
	freshnessRevision      = oddscachev1.Freshness_Revision_FieldNumber
	freshnessState         = oddscachev1.Freshness_State_FieldNumber
	freshnessCycleID       = oddscachev1.Freshness_LastCycleId_FieldNumber
	freshnessCycleFinished = oddscachev1.Freshness_LastCycleFinishedAt_FieldNumber
	freshnessFeedAge       = oddscachev1.Freshness_FeedAge_FieldNumber

	timeSeconds = oddscachev1.Timestamp_Seconds_FieldNumber
	timeNanos   = oddscachev1.Timestamp_Nanos_FieldNumber
)

// stateOf is a store's state as the protocol has it.
func stateOf(s store.State) oddscachev1.FreshnessState {
	switch s {
	case store.Live:
		return oddscachev1.FreshnessState_FRESHNESS_STATE_LIVE
	case store.Stale:
		return oddscachev1.FreshnessState_FRESHNESS_STATE_STALE
	default:
		return oddscachev1.FreshnessState_FRESHNESS_STATE_WARMING
	}
}

// freshnessOf is the message that says which state of the world a response shows.
func freshnessOf(v store.View) *oddscachev1.Freshness {
	f := &oddscachev1.Freshness{Epoch: v.Epoch(), Revision: v.Revision(), State: stateOf(v.Freshness.State)}
	if id, finished := v.LastCycle(); id != "" {
		f.LastCycleId, f.LastCycleFinishedAt = id, timestamppb.New(finished)
	}
	if v.Freshness.EverCaughtUp {
		f.FeedAge = durationpb.New(v.Freshness.Age)
	}
	return f
}

// freshnessBytes bounds numbers, instants and tags of an encoded freshness; epoch and cycle come on top.
const freshnessBytes = 80

// appendFreshness appends what freshnessOf says as a field, without making the message.
func appendFreshness(p []byte, field protowire.Number, v store.View) []byte {
	p, at := openFreshness(p, field)
	p = append(p, v.CachedEncoding(encodePublished)...)
	return closeFreshness(appendState(p, v.Freshness), at)
}

// appendFreshnessAt appends the freshness with another revision than the view's.
func appendFreshnessAt(p []byte, field protowire.Number, v store.View, revision int64) []byte {
	p, at := openFreshness(p, field)
	p = appendPublished(p, v, revision)
	return closeFreshness(appendState(p, v.Freshness), at)
}

// encodePublished is what the freshness of all responses from one publication has in common.
func encodePublished(v store.View) []byte {
	return appendPublished(make([]byte, 0, freshnessSize(v)), v, v.Revision())
}

// appendPublished appends epoch, revision and last cycle.
func appendPublished(p []byte, v store.View, revision int64) []byte {
	p = protowire.AppendTag(p, freshnessEpoch, protowire.BytesType)
	p = protowire.AppendString(p, v.Epoch())
	p = protowire.AppendTag(p, freshnessRevision, protowire.VarintType)
	p = protowire.AppendVarint(p, uint64(revision))
	if cycleID, finished := v.LastCycle(); cycleID != "" {
		p = protowire.AppendTag(p, freshnessCycleID, protowire.BytesType)
		p = protowire.AppendString(p, cycleID)
		p = appendInstant(p, freshnessCycleFinished, finished.Unix(), int64(finished.Nanosecond()))
	}
	return p
}

// appendState appends what differs from one response to the next: state and age.
func appendState(p []byte, f store.Freshness) []byte {
	p = protowire.AppendTag(p, freshnessState, protowire.VarintType)
	p = protowire.AppendVarint(p, uint64(stateOf(f.State)))
	if f.EverCaughtUp {
		p = appendInstant(p, freshnessFeedAge, int64(f.Age/time.Second), int64(f.Age%time.Second))
	}
	return p
}

// openFreshness begins the field with room for a length of one byte, which is at.
func openFreshness(p []byte, field protowire.Number) (begun []byte, at int) {
	p = protowire.AppendTag(p, field, protowire.BytesType)
	return append(p, 0), len(p)
}

// closeFreshness writes the length. With longer names than an epoch's and a cycle's it takes two bytes, and what was
// appended is moved.
func closeFreshness(p []byte, at int) []byte {
	body := p[at+1:]
	if len(body) < 0x80 {
		p[at] = byte(len(body))
		return p
	}
	return protowire.AppendBytes(p[:at], slices.Clone(body))
}

// freshnessSize is an upper bound of what appendFreshness appends.
func freshnessSize(v store.View) int {
	cycleID, _ := v.LastCycle()
	return freshnessBytes + len(v.Epoch()) + len(cycleID)
}

// addFreshness adds the freshness to a response.
func addFreshness(b *frame.Builder, field protowire.Number, v store.View) {
	b.Append(freshnessSize(v), func(p []byte) []byte { return appendFreshness(p, field, v) })
}

// appendInstant appends a Timestamp or a Duration, which are encoded alike.
func appendInstant(p []byte, field protowire.Number, seconds, nanos int64) []byte {
	size := protowire.SizeTag(timeSeconds) + protowire.SizeVarint(uint64(seconds)) +
		protowire.SizeTag(timeNanos) + protowire.SizeVarint(uint64(nanos))
	p = protowire.AppendTag(p, field, protowire.BytesType)
	p = protowire.AppendVarint(p, uint64(size))
	p = protowire.AppendTag(p, timeSeconds, protowire.VarintType)
	p = protowire.AppendVarint(p, uint64(seconds))
	p = protowire.AppendTag(p, timeNanos, protowire.VarintType)
	return protowire.AppendVarint(p, uint64(nanos))
}
