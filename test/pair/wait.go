package pair

import (
	"testing"
	"time"
)

// Until waits for an instant of real time: a kickoff that must pass, a grace that must be over.
func Until(t *testing.T, at time.Time) {
	t.Helper()
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
		t.Fatal("test ended while it waited")
	}
}

// Poll asks again and again until ok says yes, and reports whether it did within the time.
func Poll(t *testing.T, within time.Duration, ok func() bool) bool {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-deadline.C:
			return false
		case <-t.Context().Done():
			return false
		}
	}
	return true
}
