package pool

import (
	"cmp"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
)

// Bound limits connecting, and how long a host that has vanished is waited for, by the length of the lease:
//
//   - an attempt to connect, handshake included, takes a third of it at most (1 s to 5 s), at each host of the URL by
//     itself, unless the URL or PGCONNECT_TIMEOUT says otherwise (connect_timeout); a host that was not reached is not
//     tried again for a moment when another was;
//   - what was sent and is not acknowledged by the other host's kernel ends the connection after two thirds of it;
//   - so does an idle connection whose probes, from a third of it on, are not answered.
//
// A host that acknowledges and does not answer is not noticed here: statements have deadlines of their own.
func Bound(c *pgx.ConnConfig, lease time.Duration) { bound(c, lease) }

func bound(c *pgx.ConnConfig, lease time.Duration) *hosts {
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, min(max(lease/3, time.Second), 5*time.Second))
	lost := max(2*lease/3, time.Second)
	h := &hosts{dialer: net.Dialer{
		Timeout: c.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: max(lease/3, time.Second), Interval: max(lease/15, time.Second), Count: 5,
		},
		Control: unacknowledged(lost),
	}}
	c.DialFunc = h.dial
	return h
}
