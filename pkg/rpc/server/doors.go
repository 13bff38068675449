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

// doors counts who does not get as far as an rpc.
type doors struct {
	connections prometheus.Counter // beyond the limits
	handshakes  prometheus.Counter // that failed
	sometimes   rate.Sometimes
}

func newDoors() *doors {
	turned := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oddscache_connections_refused_total",
		Help: "Connections to the gRPC port that were refused: by the limits on connections, or by a TLS handshake that failed.",
	}, []string{"cause"})
	return &doors{
		connections: turned.WithLabelValues("limit"), handshakes: turned.WithLabelValues("handshake"),
		sometimes: rate.Sometimes{Interval: time.Second},
	}
}

// Describe implements prometheus.Collector.
func (d *doors) Describe(ch chan<- *prometheus.Desc) { d.connections.Describe(ch) }

// Collect implements prometheus.Collector.
func (d *doors) Collect(ch chan<- prometheus.Metric) {
	d.connections.Collect(ch)
	d.handshakes.Collect(ch)
}

// credentials are gRPC's own for the config, with failed handshakes counted and, at most one a second, logged.
func (d *doors) credentials(config *tls.Config, log *slog.Logger) credentials.TransportCredentials {
	return &watchedCredentials{TransportCredentials: credentials.NewTLS(config), doors: d, log: log}
}

type watchedCredentials struct {
	credentials.TransportCredentials
	doors *doors
	log   *slog.Logger
}

// ServerHandshake makes a handshake.
func (c *watchedCredentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secured, info, err := c.TransportCredentials.ServerHandshake(conn)
	if err != nil && !errors.Is(err, io.EOF) { // who leaves without a word is a balancer that looks whether the port is open
		c.doors.handshakes.Inc()
		c.doors.sometimes.Do(func() {
			c.log.Warn("a TLS handshake failed", "peer", conn.RemoteAddr().String(), "error", err)
		})
	}
	return secured, info, err //nolint:wrapcheck // gRPC takes it as it is
}

// Clone implements credentials.TransportCredentials.
func (c *watchedCredentials) Clone() credentials.TransportCredentials {
	return &watchedCredentials{TransportCredentials: c.TransportCredentials.Clone(), doors: c.doors, log: c.log}
}
