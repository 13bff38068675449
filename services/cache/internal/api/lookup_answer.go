package api

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Field numbers of LookupEventsResponse and LookupFailure.
const (
	lookedUpFreshness = oddscachev1.LookupEventsResponse_Freshness_FieldNumber
	lookedUpID        = oddscachev1.LookupEventsResponse_RequestId_FieldNumber
	lookedUpFound     = oddscachev1.LookupEventsResponse_Found_FieldNumber
	lookedUpFailure   = oddscachev1.LookupEventsResponse_Failure_FieldNumber

	failureCode     = oddscachev1.LookupFailure_Code_FieldNumber
	failureReason   = oddscachev1.LookupFailure_Reason_FieldNumber
	failureMessage  = oddscachev1.LookupFailure_Message_FieldNumber
	failureMetadata = oddscachev1.LookupFailure_Metadata_FieldNumber
	mapKey          = oddscachev1.LookupFailure_MetadataEntry_Key_FieldNumber
	mapValue        = oddscachev1.LookupFailure_MetadataEntry_Value_FieldNumber
)

// idBytes is room for request_id and found.
const idBytes = 16

// lookedUp answers a lookup that found its event.
func lookedUp(q *lookup, v store.View, e *store.Event) *rawpb.Message {
	return found(e, q.filter(), freshnessSize(v)+idBytes, func(p []byte) []byte {
		p = appendFreshness(p, lookedUpFreshness, v)
		p = appendID(p, q.id)
		p = protowire.AppendTag(p, lookedUpFound, protowire.VarintType)
		return protowire.AppendVarint(p, protowire.EncodeBool(true))
	})
}

func appendID(p []byte, id uint64) []byte {
	p = protowire.AppendTag(p, lookedUpID, protowire.VarintType)
	return protowire.AppendVarint(p, id)
}

// failed answers a lookup with what GetEvent would have ended with. table words the error; the errors of a lookup are
// all in it.
func failed(ctx context.Context, q *lookup, v store.View, err error, table *rpcerr.Table) *rawpb.Message {
	s, _ := table.Status(ctx, err)
	p := appendID(nil, q.id)
	p = protowire.AppendTag(p, lookedUpFailure, protowire.BytesType)
	p = protowire.AppendBytes(p, encodeFailure(s))
	return rawpb.New(appendFreshness(p, lookedUpFreshness, v))
}

// encodeFailure is a LookupFailure.
func encodeFailure(s *status.Status) []byte {
	p := protowire.AppendTag(nil, failureCode, protowire.VarintType)
	p = protowire.AppendVarint(p, uint64(s.Code()))
	p = protowire.AppendTag(p, failureMessage, protowire.BytesType)
	p = protowire.AppendString(p, s.Message())
	for _, d := range s.Details() {
		info, is := d.(*errdetails.ErrorInfo)
		if !is {
			continue
		}
		p = protowire.AppendTag(p, failureReason, protowire.BytesType)
		p = protowire.AppendString(p, info.GetReason())
		for _, k := range slices.Sorted(maps.Keys(info.GetMetadata())) {
			entry := protowire.AppendTag(nil, mapKey, protowire.BytesType)
			entry = protowire.AppendString(entry, k)
			entry = protowire.AppendTag(entry, mapValue, protowire.BytesType)
			entry = protowire.AppendString(entry, info.GetMetadata()[k])
			p = protowire.AppendTag(p, failureMetadata, protowire.BytesType)
			p = protowire.AppendBytes(p, entry)
		}
	}
	return p
}
