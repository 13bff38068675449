package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/oddscache/oddscache/test/overlay"
)

// root is the project's folder as seen from a test of test/faults or of its neighbours.
const root = "../.."

// Build builds a service's main with failpoints, into dir, and returns the binary's path.
func Build(dir, service string) (string, error) {
	_, texts, err := findMarkers(root)
	if err != nil {
		return "", err
	}
	sources := filepath.Join(dir, service+"-overlay")
	if err := os.MkdirAll(sources, 0o700); err != nil {
		return "", fmt.Errorf("making an overlay's folder: %w", err)
	}
	list, err := overlay.Write(sources, root, texts)
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, service)
	out, err := exec.Command("go", "build", "-overlay="+list, "-o", bin,
		"github.com/oddscache/oddscache/services/"+service+"/cmd/"+service).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", service, err, out)
	}
	return bin, nil
}
