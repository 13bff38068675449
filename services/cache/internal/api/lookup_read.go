package api

import (
	"unicode/utf8"
	"unsafe"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Field numbers of LookupEventsRequest; 1 to 6 are GetEventRequest's as well.
const (
	lookupSrID            = oddscachev1.LookupEventsRequest_SrId_FieldNumber
	lookupBetpawaID       = oddscachev1.LookupEventsRequest_BetpawaEventId_FieldNumber
	lookupCompetitorEvent = oddscachev1.LookupEventsRequest_CompetitorEvent_FieldNumber
	lookupBookmakers      = oddscachev1.LookupEventsRequest_Bookmakers_FieldNumber
	lookupMarketIDs       = oddscachev1.LookupEventsRequest_MarketIds_FieldNumber
	lookupMinRevision     = oddscachev1.LookupEventsRequest_MinRevision_FieldNumber
	lookupID              = oddscachev1.LookupEventsRequest_RequestId_FieldNumber

	competitorBookmaker = oddscachev1.CompetitorEvent_Bookmaker_FieldNumber
	competitorID        = oddscachev1.CompetitorEvent_CompetitorEventId_FieldNumber
)

// GetEventRequest must have the same numbers; an index that is not 0 does not compile.
var _ = [1]struct{}{}[oddscachev1.GetEventRequest_SrId_FieldNumber-lookupSrID|
	oddscachev1.GetEventRequest_BetpawaEventId_FieldNumber-lookupBetpawaID|
	oddscachev1.GetEventRequest_CompetitorEvent_FieldNumber-lookupCompetitorEvent|
	oddscachev1.GetEventRequest_Bookmakers_FieldNumber-lookupBookmakers|
	oddscachev1.GetEventRequest_MarketIds_FieldNumber-lookupMarketIDs|
	oddscachev1.GetEventRequest_MinRevision_FieldNumber-lookupMinRevision]

// read reads an encoded GetEventRequest or LookupEventsRequest and its key, whose strings alias b: b must not be changed
// as long as q is used. Lists reuse q's memory. The id is read even of a request that is rejected, where it can be.
func (q *lookup) read(b []byte) error {
	*q = lookup{bookmakers: q.bookmakers[:0], marketIDs: q.marketIDs[:0]}
	var raw rawKey
	if q.scan(&raw, b) {
		return q.setKey(&raw)
	}
	return q.decode(b)
}

// rawKey is the key of a request before it is validated; the last of several counts, as protobuf has it.
type rawKey struct {
	field      protowire.Number // 0 for none
	id         string
	competitor store.Key
}

// setKey validates the key and takes it over.
func (q *lookup) setKey(raw *rawKey) (err error) {
	switch raw.field {
	case lookupCompetitorEvent:
		q.key, err = competitorEventKey("", raw.competitor.Bookmaker, raw.competitor.ID)
	case lookupBetpawaID:
		if raw.id == "" {
			q.key, err = srKey("", "") // as if none was given
		} else {
			q.key, err = betpawaKey("", raw.id)
		}
	default:
		q.key, err = srKey("", raw.id)
	}
	return err
}

// scan reads what clients send, without reflection. It reports false for anything else that protobuf
// allows, which decode reads, and for what protobuf does not allow, of which decode makes the error.
func (q *lookup) scan(key *rawKey, b []byte) bool {
	for len(b) > 0 {
		if b[0] >= 0x80 {
			return false // a tag of more than one byte: no field of these messages
		}
		num, typ := protowire.DecodeTag(uint64(b[0]))
		b = b[1:]
		if typ == protowire.VarintType {
			v, n := protowire.ConsumeVarint(b)
			switch {
			case n < 0:
				return false
			case num == lookupMinRevision:
				q.minRevision = int64(v)
			case num == lookupID:
				q.id = v
			default:
				return false
			}
			b = b[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(b)
		if typ != protowire.BytesType || n < 0 || !q.scanBytes(key, num, value) {
			return false
		}
		b = b[n:]
	}
	return true
}

// scanBytes reads a length-delimited field.
func (q *lookup) scanBytes(key *rawKey, num protowire.Number, value []byte) bool {
	switch num {
	case lookupSrID, lookupBetpawaID:
		*key = rawKey{field: num, id: alias(value)}
		return valid(value)
	case lookupCompetitorEvent:
		if key.field == num {
			return false // two of one kind would have to be merged
		}
		*key = rawKey{field: num}
		return scanCompetitor(&key.competitor, value)
	case lookupBookmakers:
		q.bookmakers = append(q.bookmakers, alias(value))
		return valid(value)
	case lookupMarketIDs:
		q.marketIDs = append(q.marketIDs, alias(value))
		return valid(value)
	default:
		return false
	}
}

// scanCompetitor reads a CompetitorEvent.
func scanCompetitor(k *store.Key, b []byte) bool {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || typ != protowire.BytesType {
			return false
		}
		value, m := protowire.ConsumeBytes(b[n:])
		if m < 0 || !valid(value) {
			return false
		}
		switch num {
		case competitorBookmaker:
			k.Bookmaker = alias(value)
		case competitorID:
			k.ID = alias(value)
		default:
			return false
		}
		b = b[n+m:]
	}
	return true
}

// valid reports whether b is UTF-8; ids hardly ever hold anything but ASCII.
func valid(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return utf8.Valid(b)
		}
	}
	return true
}

// decode reads the request with protobuf itself.
func (q *lookup) decode(b []byte) (err error) {
	var m oddscachev1.LookupEventsRequest
	if err := proto.Unmarshal(b, &m); err != nil {
		return status.Errorf(codes.Internal, "unmarshalling a request of %d bytes: %v", len(b), err)
	}
	*q = lookup{
		bookmakers: m.GetBookmakers(), marketIDs: m.GetMarketIds(), minRevision: m.GetMinRevision(),
		id: m.GetRequestId(), maxWait: m.GetMaxWait().AsDuration(), hasLimit: m.GetMaxWait() != nil,
	}
	q.key, err = eventKey("", &m)
	return err
}

// alias is b as a string without a copy: it is good for as long as nobody changes b.
func alias(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b)) //nolint:gosec // b is a request's own copy, which nobody changes
}
