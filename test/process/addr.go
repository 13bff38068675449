package process

import (
	"context"
	"fmt"
	"net"
	"testing"
)

// FindAddr is a loopback address that was free a moment ago. Addresses must be known before a start, since the other side
// is told and a restart uses the same one.
func FindAddr(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free address: %w", err)
	}
	return l.Addr().String(), l.Close()
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
