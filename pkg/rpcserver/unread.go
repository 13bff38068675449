package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/rawpb"
	"github.com/oddscache/oddscache/pkg/rpcerr"
)

// ReasonUnread is the reason of unary rpcs whose response would be one too many that nobody reads.
const ReasonUnread = "UNREAD_RESPONSES"

// A response is counted from these sizes on, in bytes. gRPC takes a unary response over as soon as its handler returns,
// and keeps it until the caller's flow-control windows have let it pass, for as long as the connection lives. Smaller ones
// are bounded by the limits on streams and connections. One made of encoded bytes shares them with others, so that it
// holds a fraction of its size; anything else is memory of its own.
const (
	countShared = 64 << 10
	countOwn    = 4 << 10
)

// unread counts the bytes of unary responses that gRPC has taken over and not written yet, on each connection and in all.
//
// Invariants: total is the sum over all connections of what is in flight on them, plus what connections from a listener of
// another's have. A response is given back exactly once: when it is written or its stream reset, when its connection
// closes, or, where gRPC drops one of a stream that was reset a moment before, when the collector finds it.
type unread struct {
	limit, perConnection int64

	total  atomic.Int64
	counts *unreadCounts
}

// CheckUnread reports what is wrong with settings of MaxUnread, MaxUnreadPerConnection and SendTimeout, by their flags.
func CheckUnread(total, perConnection int64, sendTimeout time.Duration) error {
	var errs []error
	for field, n := range map[string]int64{"max-unread": total, "max-unread-per-connection": perConnection} {
		if n < 0 || n > 0 && n < 1<<20 {
			errs = append(errs, fmt.Errorf("%s is %d (must be 0, for the default, or at least %d)", field, n, 1<<20))
		}
	}
	if sendTimeout < 0 || sendTimeout > 0 && sendTimeout < time.Second || sendTimeout > 10*time.Minute {
		errs = append(errs, fmt.Errorf("send-timeout is %v (must be 0, for the default, or 1s to 10m)", sendTimeout))
	}
	return errors.Join(errs...)
}

// unreadError says whose responses are too many.
type unreadError struct {
	scope               string // "connection" or "server"
	size, unread, limit int64
}

// Error carries the numbers.
func (e *unreadError) Error() string {
	return fmt.Sprintf("a response of %d bytes beside %d unread ones of the %s, whose limit is %d", e.size, e.unread, e.scope, e.limit)
}

// unreadRule is the table's: the caller may come back once it, or others, have read.
func unreadRule() rpcerr.Rule {
	return rpcerr.As(codes.ResourceExhausted, ReasonUnread, func(e *unreadError) map[string]string {
		return map[string]string{"scope": e.scope, "unread_bytes": strconv.FormatInt(e.unread, 10), "limit_bytes": strconv.FormatInt(e.limit, 10)}
	})
}

// response is a unary response that counts while gRPC holds it. As a mem.BufferPool it learns when the last reference to
// its mark, an empty buffer behind its data, is dropped.
type response struct {
	msg  any
	held *held
	mark []byte
	stop runtime.Cleanup
}

// held is what a response takes from the budget.
type held struct {
	unread *unread
	conn   *trackedConn // nil for connections of a foreign listener
	bytes  int64
	once   sync.Once
}

// release gives the bytes back.
func (h *held) release() {
	h.once.Do(func() {
		if h.conn == nil || h.conn.leave(h.bytes) {
			h.unread.total.Add(-h.bytes)
		}
	})
}

// markRoom is above the size up to which gRPC does not give buffers back. Nobody writes to it.
var markRoom [2 << 10]byte //nolint:gochecknoglobals // shared by all marks, which are empty

// Get is not used: nothing is taken from this pool.
func (r *response) Get(int) *[]byte { return nil }

// Put is called when gRPC has written the response, or drops it.
func (r *response) Put(*[]byte) {
	r.stop.Stop()
	r.held.release()
}

// admit counts resp on the rpc's connection and returns what is sent in its place; small ones are sent as they are.
func (u *unread) admit(ctx context.Context, resp any) (any, error) {
	size := sizeOf(resp)
	if size == 0 {
		return resp, nil
	}
	h := &held{unread: u, bytes: size, conn: trackedOf(ctx)}
	if err := u.take(h); err != nil {
		if raw, ok := resp.(*rawpb.Message); ok {
			raw.Data.Free()
		}
		return nil, err
	}
	r := &response{msg: resp, held: h, mark: markRoom[:0]}
	r.stop = runtime.AddCleanup(r, (*held).release, h)
	return r, nil
}

// take counts h, unless that would be too much. A response alone is always let through, however large it is.
func (u *unread) take(h *held) error {
	size := h.bytes
	if h.conn != nil {
		before, entered := h.conn.enter(size, u.perConnection)
		switch entered {
		case tooMuch:
			u.counts.connection.Inc()
			return &unreadError{"connection", size, before, u.perConnection}
		case gone: // it will not be written
			h.bytes = 0
			return nil
		case counted:
		}
	}
	if after := u.total.Add(size); after > u.limit && after > size {
		h.release()
		u.counts.server.Inc()
		return &unreadError{"server", size, after - size, u.limit}
	}
	return nil
}

// sizeOf is what a response counts; 0 when it does not.
func sizeOf(resp any) int64 {
	switch m := resp.(type) {
	case *rawpb.Message:
		if n := m.Data.Len(); n >= countShared {
			return int64(n)
		}
	case proto.Message:
		if n := proto.Size(m); n >= countOwn {
			return int64(n)
		}
	}
	return 0
}

// trackedOf is the connection that an rpc came by; nil when the listener is not this package's.
func trackedOf(ctx context.Context) *trackedConn {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	addr, ok := p.Addr.(*trackedAddr)
	if !ok {
		return nil
	}
	return addr.conn
}

// encode marks the data of a response, so that it is given back when gRPC is done with it.
func (r *response) encode(data mem.BufferSlice) mem.BufferSlice {
	return append(slices.Clip(data), mem.NewBuffer(&r.mark, r))
}
