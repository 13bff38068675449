package replica

import (
	"context"
	"testing"
)

// TestWorkDoesNotPauseWhenTheReplicaStops has lookups that go on while the server drains.
func TestWorkDoesNotPauseWhenTheReplicaStops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	n := int64(0)
	count := whileRunning(ctx, func() int64 { n++; return n })
	if a, b := count(), count(); a == b {
		t.Errorf("while it runs, %d lookups stay %d", a, b)
	}
	stop()
	if a, b := count(), count(); a != b {
		t.Errorf("when it stops, %d lookups become %d", a, b)
	}
}
