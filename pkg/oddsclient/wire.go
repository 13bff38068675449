package oddsclient

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// Field numbers of LookupEventsRequest and LookupEventsResponse. Fields 1 to 6 of the request are GetEventRequest's, 1
// to 3 of the response are GetEventResponse's.
const (
	requestID      = oddscachev1.LookupEventsRequest_RequestId_FieldNumber
	requestMaxWait = oddscachev1.LookupEventsRequest_MaxWait_FieldNumber

	responseID      = oddscachev1.LookupEventsResponse_RequestId_FieldNumber
	responseFailure = oddscachev1.LookupEventsResponse_Failure_FieldNumber
)

// longestWait is the most that the service waits for a revision.
const longestWait = 30 * time.Second

// encode makes a LookupEventsRequest without its id, which stands last.
func encode(ctx context.Context, r *oddscachev1.GetEventRequest) ([]byte, error) {
	const room = 2 * (1 + 10)
	b, err := proto.MarshalOptions{}.MarshalAppend(make([]byte, 0, proto.Size(r)+room), r)
	if err != nil {
		return nil, fmt.Errorf("encoding a lookup: %w", err)
	}
	if r.GetMinRevision() == 0 {
		return b, nil
	}
	wait := longestWait
	if deadline, has := ctx.Deadline(); has {
		left := time.Until(deadline)
		wait = max(0, min(wait, left-min(left/10, 100*time.Millisecond))) // the response has to travel
	}
	most, err := proto.Marshal(durationpb.New(wait))
	if err != nil {
		return nil, fmt.Errorf("encoding how long a lookup waits: %w", err)
	}
	b = protowire.AppendTag(b, requestMaxWait, protowire.BytesType)
	return protowire.AppendBytes(b, most), nil
}

// withID is a request with an id.
func withID(request []byte, id uint64) []byte {
	b := append(make([]byte, 0, len(request)+1+10), request...)
	b = protowire.AppendTag(b, requestID, protowire.VarintType)
	return protowire.AppendVarint(b, id)
}

// response is an encoded LookupEventsResponse.
type response struct {
	id      uint64
	body    []byte
	failure []byte // nil when the event was found
}

// parse finds what is needed without decoding the event; its caller does that, with everybody else's decoded beside it.
func parse(b []byte) (*response, error) {
	a := &response{body: b}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, fmt.Errorf("reading a response of %d bytes: %w", len(a.body), protowire.ParseError(n))
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return nil, fmt.Errorf("reading field %d of a response of %d bytes: %w", num, len(a.body), protowire.ParseError(m))
		}
		switch {
		case num == responseID && typ == protowire.VarintType:
			a.id, _ = protowire.ConsumeVarint(b[n:])
		case num == responseFailure && typ == protowire.BytesType:
			a.failure, _ = protowire.ConsumeBytes(b[n:])
		}
		b = b[n+m:]
	}
	return a, nil
}

// event decodes the response, or makes the error that GetEvent would have ended with.
func (a *response) event() (*oddscachev1.GetEventResponse, error) {
	if a.failure != nil {
		return nil, failure(a.failure)
	}
	e := &oddscachev1.GetEventResponse{}
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(a.body, e); err != nil {
		return nil, status.Errorf(codes.Internal, "decoding a response of %d bytes: %v", len(a.body), err)
	}
	return e, nil
}

// failure is a LookupFailure as an error.
func failure(b []byte) error {
	var f oddscachev1.LookupFailure
	if err := proto.Unmarshal(b, &f); err != nil {
		return status.Errorf(codes.Internal, "decoding a failure of %d bytes: %v", len(b), err)
	}
	s := status.New(codes.Code(f.GetCode()), f.GetMessage())
	detailed, err := s.WithDetails(&errdetails.ErrorInfo{Reason: f.GetReason(), Domain: rpcerr.Domain, Metadata: f.GetMetadata()})
	if err != nil {
		return s.Err()
	}
	return detailed.Err()
}
