package faults

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPointsFitTheCode finds out cheaply when the code around a point has changed.
func TestPointsFitTheCode(t *testing.T) {
	t.Parallel()
	for _, p := range append(ScraperPoints(), CachePoints()...) {
		source, err := os.ReadFile(filepath.Join("..", "..", p.File))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := insert(string(source), p); err != nil {
			t.Error(err)
		}
	}
}
