package oddsclient

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// attempts is how often a lookup or a call is tried in all when the replica that has it goes away; between two of them
// it waits firstPause, doubled each time, and up to half of that more or less.
const (
	attempts   = 4
	firstPause = 50 * time.Millisecond
	spread     = 0.5
)

// retry tries a call again that got UNAVAILABLE; the next attempt goes to the next replica. Every rpc of the cache only
// reads, so a call may be made twice.
//
// It stands in for gRPC's own policy, which does not do for large responses and many callers: it leaves alone a call of
// whose response a part had come when the connection broke, and tries nothing again for any caller while many calls have
// failed at once, as they do when a replica dies.
func retry(
	ctx context.Context, method string, request, response any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption,
) error {
	err := invoke(ctx, method, request, response, conn, o...)
	if status.Code(err) != codes.Unavailable {
		return err //nolint:wrapcheck // it is gRPC's own, with its code
	}
	return again(ctx, err, func() error { return invoke(ctx, method, request, response, conn, o...) })
}

// again makes the attempts that may follow the first one, which failed with err. It ends when one does not get
// UNAVAILABLE, or with ctx, and returns the error of the last.
func again(ctx context.Context, err error, try func() error) error {
	first := true
	_, _ = backoff.Retry(ctx, func() (struct{}, error) {
		if !first {
			err = try()
		}
		first = false
		if err != nil && status.Code(err) != codes.Unavailable {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithMaxTries(attempts), backoff.WithMaxElapsedTime(0), backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: firstPause, MaxInterval: firstPause << attempts, Multiplier: 2, RandomizationFactor: spread,
	}))
	return err
}
