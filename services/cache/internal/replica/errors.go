package replica

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Why a stream ends, apart from what gRPC says.
var (
	errSilent   = errors.New("nothing arrived from the source in time")
	errProtocol = errors.New("the source does not keep to the protocol")
	errBehind   = errors.New("the source is behind what is served")
	errDigest   = errors.New("the digest is not the source's")
)

// Reasons of disconnects, for the metric; a reason that the source gave in its ErrorInfo is taken as it is.
const (
	reasonSilent   = "SILENT"
	reasonProtocol = "PROTOCOL"
	reasonBehind   = "SOURCE_BEHIND"
	reasonDigest   = "DIGEST_MISMATCH"
	reasonGap      = "GAP"
	reasonEntry    = "BAD_ENTRY"
	reasonClosed   = "CLOSED"
)

// Reasons lists the usual ones: this side's, those that a source gives when it cannot serve, and gRPC's when there is
// none.
func Reasons() []string {
	return []string{
		reasonSilent, reasonProtocol, reasonBehind, reasonDigest, reasonGap, reasonEntry, reasonClosed,
		"NOT_WRITER", "TOO_OLD", "SHUTTING_DOWN", codes.Unavailable.String(),
	}
}

// reasonOf is the reason of a disconnect: one of this side's, else the source's, else gRPC's code.
func reasonOf(err error) string {
	for _, r := range []struct {
		is     error
		reason string
	}{
		{errSilent, reasonSilent},
		{errProtocol, reasonProtocol},
		{errBehind, reasonBehind},
		{errDigest, reasonDigest},
		{feedlog.ErrGap, reasonGap},
		{feedlog.ErrWire, reasonEntry},
		{feedlog.ErrOrder, reasonEntry},
		{feedlog.ErrNoContent, reasonEntry},
		{store.ErrEntry, reasonEntry},
		{context.Canceled, reasonClosed},
	} {
		if errors.Is(err, r.is) {
			return r.reason
		}
	}
	if reason := rpcerr.Reason(err); reason != "" {
		return reason
	}
	if code := status.Code(err); code != codes.Unknown && code != codes.OK {
		return code.String()
	}
	return reasonClosed
}
