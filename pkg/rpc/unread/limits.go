package unread

import (
	"cmp"
	"fmt"
	"time"
)

// Defaults. Memory that is counted is what messages take beside the server's own data, so a batch of 500 events counts
// as some 300 kB although 25 MB of shared bytes go over the wire.
const (
	// DefaultTotal is an eighth of a process of 1 GB, which the garbage collector may double.
	DefaultTotal = 128 << 20
	// DefaultPerConnection is 50 batches of 500 events, or 64 KiB for each of 250 calls.
	DefaultPerConnection = 16 << 20
	// DefaultDeadline is far more than a client needs that reads at all.
	DefaultDeadline = 30 * time.Second
	// MinRate is how fast a message has to be read beyond the deadline, in bytes of the wire a second: a batch of
	// 25 MB may take seven minutes, over a link of half a megabit a second.
	MinRate = 64 << 10
)

// Limits says how much may be unread. Zero values mean the defaults.
type Limits struct {
	// Total bounds the bytes of all messages that are not written yet.
	Total int64
	// PerConnection bounds those of one connection's responses, and those of its streams' messages; less the more is unread
	// elsewhere. The first may have thrice as many.
	PerConnection int64
	// Connections is how many may be open: so many parts the reserve has.
	Connections int
	// Deadline is how long a client may read nothing of a response before its connection is closed.
	Deadline time.Duration
}

// Bounds of what Limits may say.
const (
	minTotal         = 1 << 20
	minPerConnection = 64 << 10
	maxTotal         = 1 << 40
	minDeadline      = time.Second
	maxDeadline      = 10 * time.Minute
)

// Problems returns what is wrong with the limits, each with the setting's name, value and limits. 0 is the default.
func (l Limits) Problems() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if l.Total != 0 && (l.Total < minTotal || l.Total > maxTotal) {
		bad("max-unread is %d (must be 0, for the default, or %d to %d)", l.Total, minTotal, maxTotal)
	}
	if n := l.PerConnection; n != 0 && (n < minPerConnection || n > maxTotal) {
		bad("max-unread-per-connection is %d (must be 0, for the default, or %d to %d)", n, minPerConnection, maxTotal)
	}
	if l.Deadline != 0 && (l.Deadline < minDeadline || l.Deadline > maxDeadline) {
		bad("send-timeout is %v (must be 0, for the default, or %v to %v)", l.Deadline, minDeadline, maxDeadline)
	}
	return problems
}

// withDefaults returns the limits with the defaults filled in.
func (l Limits) withDefaults() Limits {
	l.Total = cmp.Or(l.Total, DefaultTotal)
	l.PerConnection = cmp.Or(l.PerConnection, DefaultPerConnection)
	l.Connections = max(l.Connections, 1)
	l.Deadline = cmp.Or(l.Deadline, DefaultDeadline)
	return l
}

// FullError rejects a response for which there is no room.
type FullError struct {
	// Unread is what the connection has taken, Limit what it may take now, in bytes.
	Unread, Limit int64
}

// Error says both numbers.
func (e *FullError) Error() string {
	return fmt.Sprintf("%d bytes of responses on this connection are not read yet, %d are allowed now", e.Unread, e.Limit)
}
