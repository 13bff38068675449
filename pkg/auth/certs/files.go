// Package certs keeps the certificates of a service: read from PEM files, read again when those change, and made into
// the TLS settings of its listeners and of its connections to the other service.
//
// It says who a peer is ([Names]). What a peer may do is decided by pkg/auth/guard.
package certs

import "fmt"

// ServerFiles are a service's own certificate and the authority of those who come with one of theirs.
type ServerFiles struct {
	Cert     string `env:"CERT" help:"Certificate chain of this service, a PEM file. With it every port speaks TLS 1.3." name:"cert"`
	Key      string `env:"KEY" help:"Private key of the certificate, a PEM file." name:"key"`
	ClientCA string `env:"CLIENT_CA" help:"Authorities that sign the certificates of clients, a PEM file." name:"client-ca"`
}

// Enabled reports whether the service speaks TLS.
func (f ServerFiles) Enabled() bool { return f != ServerFiles{} }

// Problems returns what is wrong, each with its field; prefix goes before the fields' names.
func (f ServerFiles) Problems(prefix string) []error {
	if !f.Enabled() {
		return nil
	}
	var all []error
	if f.Cert == "" {
		all = append(all, missing(prefix+"cert", "the service's certificate"))
	}
	if f.Key == "" {
		all = append(all, missing(prefix+"key", "the certificate's private key"))
	}
	return all
}

// ClientFiles are what a client checks the server by, and the certificate that it shows.
type ClientFiles struct {
	CA   string `env:"CA" help:"Authorities that sign the certificates of the servers, a PEM file. With it the connection speaks TLS 1.3." name:"ca"`
	Cert string `env:"CERT" help:"Certificate chain to show to the servers, a PEM file." name:"cert"`
	Key  string `env:"KEY" help:"Private key of that certificate, a PEM file." name:"key"`
}

// Enabled reports whether the client speaks TLS.
func (f ClientFiles) Enabled() bool { return f != ClientFiles{} }

// Problems returns what is wrong, each with its field; prefix goes before the fields' names.
func (f ClientFiles) Problems(prefix string) []error {
	if !f.Enabled() {
		return nil
	}
	var all []error
	if f.CA == "" {
		all = append(all, missing(prefix+"ca", "the authority of the servers' certificates"))
	}
	if f.Cert == "" && f.Key != "" {
		all = append(all, missing(prefix+"cert", "the certificate of the key that is given"))
	}
	if f.Key == "" && f.Cert != "" {
		all = append(all, missing(prefix+"key", "the key of the certificate that is given"))
	}
	return all
}

// missing is the error of a setting that has to name a file.
func missing(field, what string) error {
	return fmt.Errorf("%s is empty (must name the PEM file of %s)", field, what)
}
