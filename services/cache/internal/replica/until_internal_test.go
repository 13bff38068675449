package replica

import (
	"context"
	"testing"
)

// TestWorkDoesNotRestWhenTheReplicaStops has lookups that go on while the server drains.
func TestWorkDoesNotRestWhenTheReplicaStops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	n := int64(0)
	answered := until(ctx, func() int64 { n++; return n })
	if a, b := answered(), answered(); a == b {
		t.Errorf("while it runs, %d lookups stay %d", a, b)
	}
	stop()
	if a, b := answered(), answered(); a != b {
		t.Errorf("when it stops, %d lookups become %d", a, b)
	}
}
