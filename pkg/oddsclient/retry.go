package oddsclient

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// attempts is how often a lookup or a call is tried in all when the replica that has it goes away; between two of them
// it waits firstPause, doubled each time.
const (
	attempts   = 4
	firstPause = 50 * time.Millisecond
)

// retry tries a call again that got UNAVAILABLE; the next attempt goes to the next replica. Every rpc of the cache only
// reads, so a call may be made twice.
//
// It stands in for gRPC's own policy, which does not do for large answers and many callers: it leaves alone a call of
// whose answer a part had come when the connection broke, and tries nothing again for anybody while many calls have
// failed at once, as they do when a replica dies.
func retry(
	ctx context.Context, method string, request, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption,
) error {
	for attempt := 1; ; attempt++ {
		err := invoke(ctx, method, request, answer, conn, o...)
		if status.Code(err) != codes.Unavailable || attempt == attempts || !wait(ctx, ctx, attempt) {
			return err //nolint:wrapcheck // it is gRPC's own, with its code
		}
	}
}

// wait waits before the next attempt. It reports whether there is time for one before either context ends.
func wait(call, life context.Context, attempt int) bool {
	pause := firstPause << (attempt - 1)
	timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // it only spreads tries
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-call.Done():
	case <-life.Done():
	}
	return false
}
