// Package process runs the project's real binaries for tests: built once, started with an environment, killed or
// stopped, and started again.
//
// It is not for tests that one process can show: see the package pair.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binaries are the mains by name.
var binaries = map[string]string{
	"scraper":   "github.com/oddscache/oddscache/services/scraper/cmd/scraper",
	"cache":     "github.com/oddscache/oddscache/services/cache/cmd/cache",
	"bookiesim": "github.com/oddscache/oddscache/services/bookiesim/cmd/bookiesim",
}

// Bin is a folder of built binaries.
type Bin struct {
	dir string

	mu    sync.Mutex
	built map[string]error
}

// NewBin makes a folder that Remove removes. Binaries are built when first started.
func NewBin() (*Bin, error) {
	dir, err := os.MkdirTemp("", "oddscache-bin-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for binaries: %w", err)
	}
	return &Bin{dir: dir, built: make(map[string]error)}, nil
}

// Remove removes the folder.
func (b *Bin) Remove() error { return os.RemoveAll(b.dir) }

// path builds a binary the first time it is asked for.
func (b *Bin) path(name string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	path := filepath.Join(b.dir, name)
	if err, done := b.built[name]; done {
		return path, err
	}
	out, err := exec.Command("go", "build", "-o", path, binaries[name]).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	b.built[name] = err
	return path, err
}

// Start starts a binary with nothing of this process's environment but PATH and HOME, plus env ("NAME=value"). Its output
// goes to the test's. It is killed when the test ends.
func (b *Bin) Start(t *testing.T, name string, args []string, env ...string) *Process {
	t.Helper()
	path, err := b.path(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Launch(path, name, t.Output(), args, env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// Signal sends a signal.
func (p *Process) Signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("sending %v: %v", s, err)
	}
}

// Stop asks the process to stop, waits, and fails the test when it did not end well within the time.
func (p *Process) Stop(t *testing.T, within time.Duration) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	p.Ended(t, within)
}

// Ended waits for a process that was told to stop, and fails the test when it did not end well within the time.
func (p *Process) Ended(t *testing.T, within time.Duration) {
	t.Helper()
	select {
	case <-p.exited:
		if p.err != nil {
			t.Errorf("stopped process ended with %v", p.err)
		}
	case <-time.After(within):
		t.Errorf("process did not stop within %v", within)
		p.Kill()
	}
}

// errNoMetric says that an admin port does not show a metric.
var errNoMetric = errors.New("no such metric")

// Metric reads one sample from an admin port, the sum over its labels that contain label.
func Metric(ctx context.Context, admin, name, label string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("asking for metrics: %w", err)
	}
	var client http.Client
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("asking for metrics: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("reading metrics: %w", err)
	}
	sum, found := 0.0, false
	for line := range strings.Lines(string(body)) {
		sample, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || sample != name && !strings.HasPrefix(sample, name+"{") || !strings.Contains(sample, label) {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("reading %s: %w", line, err)
		}
		sum, found = sum+v, true
	}
	if !found {
		return 0, fmt.Errorf("%s at %s: %w", name, admin, errNoMetric)
	}
	return sum, nil
}
