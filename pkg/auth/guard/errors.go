package guard

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
)

// Why callers are rejected.
var (
	ErrNoToken       = errors.New("a token is needed: authorization: Bearer TOKEN")
	ErrScheme        = errors.New("the authorization is not of the form: Bearer TOKEN")
	ErrToken         = errors.New("the token is not known")
	ErrRevoked       = errors.New("the token was revoked")
	ErrNoCertificate = errors.New("a client certificate is needed")
	ErrNoRow         = errors.New("nobody may call this: it has no row in the table of rights")
)

// DeniedError rejects a caller who is known, but may not do this.
type DeniedError struct {
	What  string // the rpc or the page
	Right Right
	Names []string // of the certificate
}

// Error names the identity, the right and what was requested; callers see it.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("the certificate, of %s, does not have the right %q that %s takes", e.identity(), e.Right, e.What)
}

// identity is the certificate's names.
func (e *DeniedError) identity() string {
	if len(e.Names) == 0 {
		return "no name"
	}
	return strings.Join(e.Names, ", ")
}

// Reasons of rejections.
const (
	ReasonTokenMissing       = "TOKEN_MISSING"
	ReasonTokenMalformed     = "TOKEN_MALFORMED" //nolint:gosec // it is no token
	ReasonTokenUnknown       = "TOKEN_UNKNOWN"
	ReasonTokenRevoked       = "TOKEN_REVOKED"
	ReasonCertificateMissing = "CERTIFICATE_MISSING"
	ReasonRightMissing       = "RIGHT_MISSING"
	ReasonRateExceeded       = "RATE_EXCEEDED"
	ReasonTooManyStreams     = "TOO_MANY_STREAMS"
)

// Reasons lists them.
func Reasons() []string {
	return []string{
		ReasonTokenMissing, ReasonTokenMalformed, ReasonTokenUnknown, ReasonTokenRevoked, ReasonCertificateMissing,
		ReasonRightMissing, ReasonRateExceeded, ReasonTooManyStreams,
	}
}

// Rules say what callers see of rejections.
func Rules() []rpcerr.Rule {
	return []rpcerr.Rule{
		rpcerr.Is(ErrNoToken, codes.Unauthenticated, ReasonTokenMissing),
		rpcerr.Is(ErrScheme, codes.Unauthenticated, ReasonTokenMalformed),
		rpcerr.Is(ErrToken, codes.Unauthenticated, ReasonTokenUnknown),
		rpcerr.Is(ErrRevoked, codes.Unauthenticated, ReasonTokenRevoked),
		rpcerr.Is(ErrNoCertificate, codes.Unauthenticated, ReasonCertificateMissing),
		rpcerr.Is(ErrNoRow, codes.PermissionDenied, ReasonRightMissing),
		rpcerr.As(codes.PermissionDenied, ReasonRightMissing, func(e *DeniedError) map[string]string {
			return map[string]string{"right": string(e.Right), "identity": e.identity()}
		}),
		rpcerr.As(codes.ResourceExhausted, ReasonRateExceeded, func(e *tokens.RateError) map[string]string {
			return map[string]string{
				"token": e.Name, "rate": strconv.FormatFloat(e.Rate, 'f', -1, 64), "burst": strconv.Itoa(e.Burst),
				"retryAfter": e.After.String(),
			}
		}),
		rpcerr.As(codes.ResourceExhausted, ReasonTooManyStreams, func(e *tokens.StreamsError) map[string]string {
			return map[string]string{"token": e.Name, "limit": strconv.FormatInt(e.Limit, 10)}
		}),
	}
}

// reasonOf is the reason of a rejection.
func reasonOf(err error) string {
	for reason, is := range map[string]error{
		ReasonTokenMissing: ErrNoToken, ReasonTokenMalformed: ErrScheme, ReasonTokenUnknown: ErrToken,
		ReasonTokenRevoked: ErrRevoked, ReasonCertificateMissing: ErrNoCertificate,
	} {
		if errors.Is(err, is) {
			return reason
		}
	}
	switch {
	case isA[*tokens.RateError](err):
		return ReasonRateExceeded
	case isA[*tokens.StreamsError](err):
		return ReasonTooManyStreams
	default:
		return ReasonRightMissing
	}
}

// isA reports whether err is or wraps an E.
func isA[E error](err error) bool {
	_, is := errors.AsType[E](err)
	return is
}
