package faults

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/oddscache/oddscache/test/cluster"
	"github.com/oddscache/oddscache/test/overlay"
)

// root is the project's folder as seen from a test of test/faults or of its neighbours.
const root = "../.."

// Binaries are the services with failpoints. What go build needs for them is written to a folder.
func Binaries(dir string) (*cluster.Binaries, error) {
	_, texts, err := findMarkers(root)
	if err != nil {
		return nil, err
	}
	sources := filepath.Join(dir, "overlay")
	if err := os.MkdirAll(sources, 0o700); err != nil {
		return nil, fmt.Errorf("making an overlay's folder: %w", err)
	}
	list, err := overlay.Write(sources, root, texts)
	if err != nil {
		return nil, err
	}
	return cluster.NewBinaries("-overlay=" + list)
}
