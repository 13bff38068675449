package server

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	"google.golang.org/grpc/credentials"
)

// rejections counts connections that are closed before their first rpc.
type rejections struct {
	overLimit  prometheus.Counter
	handshakes prometheus.Counter // that failed
	logSome    rate.Sometimes
}

// newRejections makes counters at zero, for both causes.
func newRejections() *rejections {
	byCause := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oddscache_connections_refused_total",
		Help: "Connections to the gRPC port that were refused: by the limits on connections, or by a TLS handshake that failed.",
	}, []string{"cause"})
	return &rejections{
		overLimit: byCause.WithLabelValues("limit"), handshakes: byCause.WithLabelValues("handshake"),
		logSome: rate.Sometimes{Interval: time.Second},
	}
}

// Describe implements prometheus.Collector.
func (r *rejections) Describe(ch chan<- *prometheus.Desc) { r.overLimit.Describe(ch) }

// Collect implements prometheus.Collector.
func (r *rejections) Collect(ch chan<- prometheus.Metric) {
	r.overLimit.Collect(ch)
	r.handshakes.Collect(ch)
}

// credentials are gRPC's own for the config, with failed handshakes counted and, at most one a second, logged.
func (r *rejections) credentials(config *tls.Config, log *slog.Logger) credentials.TransportCredentials {
	return &countedCredentials{TransportCredentials: credentials.NewTLS(config), rejections: r, log: log}
}

// countedCredentials count handshakes that fail. Without them gRPC closes the connection and says nothing.
type countedCredentials struct {
	credentials.TransportCredentials
	rejections *rejections
	log        *slog.Logger
}

// ServerHandshake makes a handshake. io.EOF is not counted: load balancers that check whether the port is open connect
// and leave without a byte.
func (c *countedCredentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secured, info, err := c.TransportCredentials.ServerHandshake(conn)
	if err != nil && !errors.Is(err, io.EOF) {
		c.rejections.handshakes.Inc()
		c.rejections.logSome.Do(func() {
			c.log.Warn("a TLS handshake failed", "peer", conn.RemoteAddr().String(), "error", err)
		})
	}
	return secured, info, err //nolint:wrapcheck // gRPC takes it as it is
}

// Clone implements credentials.TransportCredentials.
func (c *countedCredentials) Clone() credentials.TransportCredentials {
	return &countedCredentials{TransportCredentials: c.TransportCredentials.Clone(), rejections: c.rejections, log: c.log}
}
