package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/pkg/auth/reload"
)

// Keeper holds the newest certificates that could be read. Use OpenServer or OpenClient; Run keeps them current.
type Keeper struct {
	files  *reload.Value[*material]
	expiry prometheus.GaugeFunc
}

// material is one state of the files. It does not change.
type material struct {
	server, client *tls.Config
	notAfter       time.Time // zero without a certificate of one's own
}

// OpenServer reads a service's files. The name tells keepers apart in logs and metrics.
func OpenServer(name string, f ServerFiles, log *slog.Logger) (*Keeper, error) {
	return open(name, []string{f.Cert, f.Key, f.ClientCA}, log)
}

// OpenClient reads a client's files.
func OpenClient(name string, f ClientFiles, log *slog.Logger) (*Keeper, error) {
	return open(name, []string{f.Cert, f.Key, f.CA}, log)
}

// open reads certificate, key and authorities, in this order; an empty path is none.
func open(name string, files []string, log *slog.Logger) (*Keeper, error) {
	value, err := reload.Open(reload.Options{Name: name, Files: files, Logger: log}, parse)
	if err != nil {
		return nil, err
	}
	k := &Keeper{files: value}
	k.expiry = prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "oddscache_certificate_not_after_seconds",
		Help:        "When the certificate that is shown to others ends, in seconds since 1970; 0 without one.",
		ConstLabels: prometheus.Labels{"files": name},
	}, func() float64 {
		if end := k.files.Get().notAfter; !end.IsZero() {
			return float64(end.Unix())
		}
		return 0
	})
	return k, nil
}

// parse makes the TLS settings of certificate, key and authorities, in this order. What has ended already is as
// unusable as what cannot be read.
func parse(contents [][]byte) (*material, error) {
	m := &material{server: settings(), client: settings()}
	if contents[0] != nil {
		pair, err := tls.X509KeyPair(contents[0], contents[1])
		if err != nil {
			return nil, fmt.Errorf("reading certificate and key: %w", err)
		}
		m.notAfter = pair.Leaf.NotAfter
		if time.Now().After(m.notAfter) {
			return nil, fmt.Errorf("the certificate ended at %s", m.notAfter.UTC().Format(time.RFC3339))
		}
		m.server.Certificates = []tls.Certificate{pair}
		m.client.Certificates = m.server.Certificates
	}
	if contents[2] != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(contents[2]) {
			return nil, errors.New("the file of authorities holds no certificate in PEM")
		}
		m.server.ClientCAs, m.server.ClientAuth = pool, tls.VerifyClientCertIfGiven
		m.client.RootCAs = pool
	}
	return m, nil
}

// settings are what all connections have in common. A session that is resumed would skip the check of a certificate
// whose authority was taken out since.
func settings() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true}
}

// ServerConfig is for listeners: every handshake takes the newest files. Certificates of clients are checked when they
// are shown, and requested when there are authorities to check them by; who has none gets as far as pkg/auth/guard lets
// them, with an error that can be read.
func (k *Keeper) ServerConfig() *tls.Config {
	config := settings()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return k.files.Get().server, nil }
	return config
}

// Run reads the files again when they change, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error { return k.files.Run(ctx) }

// Refresh reads the files now.
func (k *Keeper) Refresh(ctx context.Context) { k.files.Refresh(ctx) }

// Describe implements prometheus.Collector.
func (k *Keeper) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(k, ch) }

// Collect implements prometheus.Collector.
func (k *Keeper) Collect(ch chan<- prometheus.Metric) {
	k.files.Collect(ch)
	k.expiry.Collect(ch)
}

// Names are what a peer's certificate calls it: its URIs, then its DNS names. The common name is not among them: it was
// never checked by anything that makes certificates today. Nil without a certificate that was verified.
func Names(state tls.ConnectionState) []string {
	if len(state.VerifiedChains) == 0 {
		return nil
	}
	leaf := state.VerifiedChains[0][0]
	names := make([]string, 0, len(leaf.URIs)+len(leaf.DNSNames))
	for _, uri := range leaf.URIs {
		names = append(names, uri.String())
	}
	return append(names, leaf.DNSNames...)
}
