package certs

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// errClientOnly says that credentials were given to a server.
var errClientOnly = errors.New("these credentials are for clients")

// ClientCredentials are for connections: every handshake takes the newest files.
func (k *Keeper) ClientCredentials() credentials.TransportCredentials { return clientCredentials{k} }

// clientCredentials makes gRPC's own credentials anew for each handshake. A handshake is rare and costs more than that.
type clientCredentials struct{ keeper *Keeper }

// now makes credentials of the newest files.
func (c clientCredentials) now() credentials.TransportCredentials {
	return credentials.NewTLS(c.keeper.files.Get().client)
}

// ClientHandshake implements credentials.TransportCredentials.
func (c clientCredentials) ClientHandshake(
	ctx context.Context, authority string, conn net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	return c.now().ClientHandshake(ctx, authority, conn) //nolint:wrapcheck // gRPC shows it as the connection's error
}

// ServerHandshake implements credentials.TransportCredentials.
func (c clientCredentials) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errClientOnly
}

// Info implements credentials.TransportCredentials.
func (c clientCredentials) Info() credentials.ProtocolInfo { return c.now().Info() }

// Clone implements credentials.TransportCredentials.
func (c clientCredentials) Clone() credentials.TransportCredentials { return c }

// OverrideServerName implements credentials.TransportCredentials.
func (c clientCredentials) OverrideServerName(string) error { return errClientOnly }

// HealthOptions are what a health check of the own service dials with: none without a certificate.
func HealthOptions(certFile string) ([]grpc.DialOption, error) {
	if certFile == "" {
		return nil, nil
	}
	creds, authority, err := itself(certFile)
	if err != nil {
		return nil, err
	}
	return []grpc.DialOption{grpc.WithTransportCredentials(creds), grpc.WithAuthority(authority)}, nil
}

// itself returns credentials, and the authority to dial with, for the process that shows the certificate of the given
// file and no other: what a health check of the own service wants, over loopback, where no name fits.
func itself(certFile string) (creds credentials.TransportCredentials, authority string, err error) {
	content, err := os.ReadFile(certFile)
	if err != nil {
		return nil, "", fmt.Errorf("reading the certificate: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, "", fmt.Errorf("reading the certificate: %s is not PEM", certFile)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, "", fmt.Errorf("reading the certificate in %s: %w", certFile, err)
	}
	switch {
	case len(leaf.DNSNames) > 0:
		authority = leaf.DNSNames[0]
	case len(leaf.IPAddresses) > 0:
		authority = leaf.IPAddresses[0].String()
	default:
		return nil, "", fmt.Errorf("the certificate in %s names no host", certFile)
	}
	config := settings()
	config.RootCAs = x509.NewCertPool()
	config.RootCAs.AddCert(leaf)
	return credentials.NewTLS(config), authority, nil
}
