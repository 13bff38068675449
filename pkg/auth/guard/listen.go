package guard

import (
	"fmt"
	"net"
	"net/netip"
)

// Names of certificates that have rights when nothing else is configured.
const (
	DefaultCache    = "spiffe://oddscache/cache"
	DefaultOperator = "spiffe://oddscache/operator"
)

// CheckListen rejects an address that others can reach, unless that is allowed: by TLS, or by the one who runs it.
func CheckListen(field, address string, allowed bool) error {
	if allowed || loopback(address) {
		return nil
	}
	return fmt.Errorf("%s is %q without TLS (must be a loopback address such as 127.0.0.1:0; "+
		"set tls-cert and tls-key, or insecure where the network itself is trusted)", field, address)
}

// loopback reports whether nobody but this machine reaches an address. Names but localhost may mean anything.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return true // it is not an address: listening fails with a better error
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
