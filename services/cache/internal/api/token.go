package api

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/cespare/xxhash/v2"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// A page token is the position of the last event of a page and a sum over it and the filters, so that it is good for
// the same request at any replica and for nothing else. It is no secret: it guards against mistakes, not against malice.
const tokenHeader = 8 + 8 + 4 // sum, kickoff's seconds, kickoff's nanos; the SportRadar id follows

// makeToken makes the token of the page after the one whose last event is at a position.
func makeToken(at store.Position, filters uint64) string {
	b := make([]byte, tokenHeader, tokenHeader+len(at.SrID))
	binary.BigEndian.PutUint64(b[8:], uint64(at.Kickoff.Unix()))
	binary.BigEndian.PutUint32(b[16:], uint32(at.Kickoff.Nanosecond()))
	b = append(b, at.SrID...)
	binary.BigEndian.PutUint64(b, tokenSum(b, filters))
	return base64.RawURLEncoding.EncodeToString(b)
}

// readToken is the position that a token was made of; false when it was made for other filters, or is no token.
func readToken(token string, filters uint64) (store.Position, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= tokenHeader || binary.BigEndian.Uint64(b) != tokenSum(b, filters) {
		return store.Position{}, false
	}
	seconds, nanos := int64(binary.BigEndian.Uint64(b[8:])), int64(binary.BigEndian.Uint32(b[16:]))
	return store.Position{Kickoff: time.Unix(seconds, nanos).UTC(), SrID: string(b[tokenHeader:])}, true
}

// tokenSum is the sum over everything behind it and the filters.
func tokenSum(b []byte, filters uint64) uint64 {
	h := xxhash.NewWithSeed(filters)
	_, _ = h.Write(b[8:]) // never fails
	return h.Sum64()
}

// filterSum is the sum over everything in the request that the order and choice of events depends on.
func filterSum(r *oddscachev1.ListEventsRequest) uint64 {
	h := xxhash.New()
	text := func(s string) {
		_ = binary.Write(h, binary.BigEndian, uint64(len(s)))
		_, _ = h.WriteString(s)
	}
	for _, t := range []interface {
		GetSeconds() int64
		GetNanos() int32
	}{r.GetKickoffFrom(), r.GetKickoffTo()} {
		_ = binary.Write(h, binary.BigEndian, t.GetSeconds())
		_ = binary.Write(h, binary.BigEndian, t.GetNanos())
	}
	_, _ = h.Write([]byte{byte(presence(r.GetKickoffFrom() != nil)) | byte(presence(r.GetKickoffTo() != nil))<<1})
	text(r.GetCountry())
	text(r.GetTournament())
	for _, b := range r.GetBookmakers() {
		text(b)
	}
	return h.Sum64()
}

// presence is 1 for true: an absent bound and the instant 0 are not the same filter.
func presence(is bool) int {
	if is {
		return 1
	}
	return 0
}
