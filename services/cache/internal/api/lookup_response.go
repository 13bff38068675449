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
	responseFreshness = oddscachev1.LookupEventsResponse_Freshness_FieldNumber
	responseID        = oddscachev1.LookupEventsResponse_RequestId_FieldNumber
	responseFound     = oddscachev1.LookupEventsResponse_Found_FieldNumber
	responseFailure   = oddscachev1.LookupEventsResponse_Failure_FieldNumber

	failureCode     = oddscachev1.LookupFailure_Code_FieldNumber
	failureReason   = oddscachev1.LookupFailure_Reason_FieldNumber
	failureMessage  = oddscachev1.LookupFailure_Message_FieldNumber
	failureMetadata = oddscachev1.LookupFailure_Metadata_FieldNumber
	mapKey          = oddscachev1.LookupFailure_MetadataEntry_Key_FieldNumber
	mapValue        = oddscachev1.LookupFailure_MetadataEntry_Value_FieldNumber
)

// idBytes is room for request_id and found.
const idBytes = 16

// foundResponse is the response to a lookup that found its event.
func foundResponse(q *lookup, v store.View, e *store.Event) *rawpb.Message {
	return found(e, q.filter(), freshnessSize(v)+idBytes, func(p []byte) []byte {
		p = appendFreshness(p, responseFreshness, v)
		p = appendID(p, q.id)
		p = protowire.AppendTag(p, responseFound, protowire.VarintType)
		return protowire.AppendVarint(p, protowire.EncodeBool(true))
	})
}

// appendID appends the request's id, by which the client finds what it belongs to.
func appendID(p []byte, id uint64) []byte {
	p = protowire.AppendTag(p, responseID, protowire.VarintType)
	return protowire.AppendVarint(p, id)
}

// failureResponse is the response to a lookup that GetEvent would have ended with an error. The table makes the status of it;
// the errors of a lookup are all in it.
func failureResponse(ctx context.Context, q *lookup, v store.View, err error, table *rpcerr.Table) *rawpb.Message {
	s, _ := table.Status(ctx, err)
	p := appendID(nil, q.id)
	p = protowire.AppendTag(p, responseFailure, protowire.BytesType)
	p = protowire.AppendBytes(p, encodeFailure(s))
	return rawpb.New(appendFreshness(p, responseFreshness, v))
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
