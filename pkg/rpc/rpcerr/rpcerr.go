// Package rpcerr turns a service's errors into what a caller may see of them: a canonical gRPC code, a short message
// and exactly one ErrorInfo with a stable reason. Each service has one [Table], and its server applies it to every
// rpc, so that handlers return domain errors as they are.
//
// Errors are made elsewhere: domain packages declare sentinels and typed errors that know nothing of gRPC.
// The one exception is [InvalidError], for the requests that a handler rejects.
package rpcerr

import (
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Domain is the ErrorInfo domain of all reasons: they are unique within it.
const Domain = "oddscache"

// Reasons that every service may give. The others are declared in the services' tables.
const (
	ReasonInvalidField     = "INVALID_FIELD"
	ReasonCancelled        = "CANCELLED"
	ReasonDeadlineExceeded = "DEADLINE_EXCEEDED"
	ReasonInternal         = "INTERNAL"
)

// Reason returns the reason that a received error carries, or "" for an error without one.
func Reason(err error) string {
	if info := detail[*errdetails.ErrorInfo](err); info != nil {
		return info.GetReason()
	}
	return ""
}

// Metadata returns the metadata that goes with the reason of a received error. It is nil when there is none.
func Metadata(err error) map[string]string {
	return detail[*errdetails.ErrorInfo](err).GetMetadata()
}

// RetryDelay returns how long a received error asks its caller to wait before trying again, and whether it does.
func RetryDelay(err error) (time.Duration, bool) {
	info := detail[*errdetails.RetryInfo](err)
	if info.GetRetryDelay() == nil {
		return 0, false
	}
	return info.GetRetryDelay().AsDuration(), true
}

// detail returns the first detail of one type that the status in err's chain carries, or D's zero value.
func detail[D any](err error) D {
	if s, ok := statusOf(err); ok {
		for _, d := range s.Details() {
			if found, ok := d.(D); ok {
				return found
			}
		}
	}
	var none D
	return none
}

// statusOf returns the status that err or something it wraps carries, with that status's own message: what was
// wrapped around it is for the log.
func statusOf(err error) (*status.Status, bool) {
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) {
		return nil, false
	}
	s := carrier.GRPCStatus()
	return s, s != nil
}

// retryInfo is the detail that asks a caller to wait before it tries again.
func retryInfo(after time.Duration) protoadapt.MessageV1 {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(after)}
}
