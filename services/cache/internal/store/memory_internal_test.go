package store

import "testing"

// TestHeapSize compares the size classes with what the runtime's append rounds up to.
func TestHeapSize(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it fills the memory of a whole cache")
	}
	for n := 1; n <= 40_000; n++ {
		if got, want := heapSize(n), int64(cap(append([]byte(nil), make([]byte, n)...))); got != want {
			t.Fatalf("heapSize(%d) = %d, the runtime takes %d", n, got, want)
		}
	}
}
