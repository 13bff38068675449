package cluster

import (
	"context"
	"testing"
	"time"
)

// Pause waits, but not beyond ctx.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Until waits for an instant of real time: a kickoff that must pass, a grace that must be over.
func Until(t *testing.T, at time.Time) {
	t.Helper()
	if Pause(t.Context(), time.Until(at)); t.Context().Err() != nil {
		t.Fatal("test ended while it waited")
	}
}

// Poll calls ok again and again until it returns true, and reports whether it did within the time.
func Poll(t *testing.T, within time.Duration, ok func() bool) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for !ok() {
		if Pause(ctx, 10*time.Millisecond); ctx.Err() != nil {
			return false
		}
	}
	return true
}
