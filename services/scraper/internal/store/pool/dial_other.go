//go:build !linux

package pool

import (
	"syscall"
	"time"
)

// unacknowledged does nothing where there is no TCP_USER_TIMEOUT; keepalive and deadlines remain.
func unacknowledged(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
