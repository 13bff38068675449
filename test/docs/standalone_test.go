package docs_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oddscache/oddscache/pkg/postgres"
	"github.com/oddscache/oddscache/test/cluster"
)

// Times that are generous: machines that run many tests at once are slow.
const (
	startsWithin = 3 * time.Minute
	stopsWithin  = time.Minute
)

// standalone is the pair as `make run` starts it, but on free ports.
type standalone struct {
	cache, scraper string
	grpcurl        string
	process        *cluster.Process
	binaries       *cluster.Binaries
}

var (
	once    sync.Once
	started *standalone
	failure error
)

func TestMain(m *testing.M) {
	code := m.Run()
	if started != nil {
		started.stop()
	}
	os.Exit(code)
}

// running is the one pair that all tests ask.
func running(t *testing.T) *standalone {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: -short, and it starts the pair")
	}
	if _, err := postgres.Find(t.Context()); err != nil && os.Getenv("REQUIRE_POSTGRES") != "1" {
		t.Skipf("SKIPPED, it needs a real Postgres: %v (REQUIRE_POSTGRES=1 makes this a failure)", err)
	}
	once.Do(func() { started, failure = start() })
	if failure != nil {
		t.Fatal(failure)
	}
	return started
}

// start installs grpcurl where it is missing, and starts the pair.
func start() (*standalone, error) {
	if out, err := exec.Command("make", "-C", root, "grpcurl").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("installing grpcurl: %w\n%s", err, out)
	}
	tools, err := filepath.Abs(filepath.Join(root, ".tools", "bin"))
	if err != nil {
		return nil, fmt.Errorf("finding grpcurl: %w", err)
	}
	s := &standalone{grpcurl: filepath.Join(tools, "grpcurl")}
	if s.binaries, err = cluster.NewBinaries(); err != nil {
		return nil, err
	}
	bin, err := s.binaries.Path("standalone")
	if err != nil {
		return s, err
	}
	for _, addr := range []*string{&s.cache, &s.scraper} {
		if *addr, err = cluster.FindAddr(context.Background()); err != nil {
			return s, err
		}
	}
	out := &announcement{served: make(chan struct{})}
	s.process, err = cluster.Launch(bin, "standalone", out, nil, "STANDALONE_CACHE_LISTEN="+s.cache, "STANDALONE_SCRAPER_LISTEN="+s.scraper,
		"STANDALONE_CACHE_ADMIN_LISTEN=127.0.0.1:0", "STANDALONE_SCRAPER_ADMIN_LISTEN=127.0.0.1:0")
	if err != nil {
		return s, err
	}
	select {
	case <-out.served:
		return s, nil
	case <-s.process.Exited():
		return s, fmt.Errorf("standalone ended: %w\n%s", s.process.Err(), out.text())
	case <-time.After(startsWithin):
		return s, fmt.Errorf("standalone served nothing within %v:\n%s", startsWithin, out.text())
	}
}

// stop ends the pair in order, so that its private Postgres goes with it.
func (s *standalone) stop() {
	if s.process != nil {
		s.process.Terminate()
		select {
		case <-s.process.Exited():
		case <-time.After(stopsWithin):
			s.process.Kill()
		}
	}
	_ = s.binaries.Close()
}

// announcement waits for what standalone prints when the first cycle is served.
type announcement struct {
	mu     sync.Mutex // guards all
	all    bytes.Buffer
	served chan struct{} // closed then
	over   bool
}

func (a *announcement) Write(line []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over && bytes.Contains(line, []byte("The cache serves on")) {
		a.over = true
		close(a.served)
	}
	return a.all.Write(line)
}

func (a *announcement) text() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all.String()
}

// shell runs a block of the documentation in the project's folder, with the addresses that this pair has.
func (s *standalone) shell(t *testing.T, block string) ([]byte, error) {
	t.Helper()
	block = strings.NewReplacer("localhost:7400", s.cache, "localhost:7401", s.scraper).Replace(block)
	cmd := exec.CommandContext(t.Context(), "timeout", "120", "bash", "-euo", "pipefail", "-c", block)
	cmd.Dir = root
	return cmd.CombinedOutput()
}

// rpcs lists what a server has, as package.Service/Method.
func (s *standalone) rpcs(t *testing.T, addr string) (all []string) {
	t.Helper()
	list := func(args ...string) []string {
		out, err := exec.CommandContext(t.Context(), s.grpcurl, append([]string{"-plaintext", addr, "list"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("asking %s what it has: %v\n%s", addr, err, out)
		}
		return strings.Fields(string(out))
	}
	for _, service := range list() {
		for _, method := range list(service) {
			all = append(all, service+"/"+strings.TrimPrefix(method, service+"."))
		}
	}
	return all
}
