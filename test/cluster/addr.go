package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports that are handed out lie below those that Linux gives to outgoing connections (from 32768), one of which could take
// a port before its process has come to listen on it.
const (
	firstPort = 16384
	lastPort  = 32767
)

// FindAddr is a loopback address that was free a moment ago. Addresses must be known before a start, since the other side
// is configured with them and a restart uses the same one.
func FindAddr(ctx context.Context) (string, error) {
	var errs []error
	for range 20 {
		addr := fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(lastPort-firstPort+1))
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err == nil {
			return addr, l.Close()
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("looking for a free address: %w", errors.Join(errs...))
}

// FreeAddr is FindAddr for a test.
func FreeAddr(t *testing.T) string {
	t.Helper()
	addr, err := FindAddr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
