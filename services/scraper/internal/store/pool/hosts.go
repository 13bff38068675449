package pool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// errSkipped reports that an address was not tried, as it just did not answer and another one did.
var errSkipped = errors.New("it did not answer a moment ago, and another host did")

// skipFor is for how long an address that did not answer is skipped.
const skipFor = 10 * time.Second

// hosts remembers for a moment which addresses did not answer, so that of a URL's hosts one that has vanished is waited
// for once and not by every pool in turn: a takeover opens several connections. An address is skipped only where
// another has answered since, so there is always one to try.
type hosts struct {
	dialer net.Dialer

	mu       sync.Mutex           // guards what follows
	failed   map[string]time.Time // addresses that did not answer in time, and when
	answered time.Time            // when a connection was last complete, to whatever host
}

// dial is a pgconn.DialFunc.
func (h *hosts) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if h.skips(address) {
		return nil, fmt.Errorf("connecting to %s: %w", address, errSkipped)
	}
	conn, err := h.dialer.DialContext(ctx, network, address)
	h.mu.Lock()
	defer h.mu.Unlock()
	if failed, ok := errors.AsType[net.Error](err); ok && failed.Timeout() {
		if h.failed == nil {
			h.failed = make(map[string]time.Time)
		}
		h.failed[address] = time.Now()
	} else {
		delete(h.failed, address)
	}
	return conn, err //nolint:wrapcheck // the driver adds what was being done
}

func (h *hosts) skips(address string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	failed, ok := h.failed[address]
	return ok && h.answered.After(failed) && time.Since(failed) < skipFor
}

// connected notes that some host took a connection, login included.
func (h *hosts) connected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answered = time.Now()
}
