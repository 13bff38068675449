package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
)

// module is where the services' modules are.
const module = "github.com/oddscache/oddscache/services/"

// Binaries is a folder with the services' binaries, each of which is built when it is first needed.
type Binaries struct {
	dir   string
	flags []string
	given bool // they were built by somebody else

	mu    sync.Mutex // guards built, and is held while a binary is built
	built map[string]error
}

// NewBinaries makes a folder for binaries that are built with more flags of go build, such as -overlay. Close removes it.
func NewBinaries(flags ...string) (*Binaries, error) {
	dir, err := os.MkdirTemp("", "oddscache-bin-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for binaries: %w", err)
	}
	return &Binaries{dir: dir, flags: flags, built: make(map[string]error)}, nil
}

// BinariesIn are binaries that are in a folder already, such as those of another version.
func BinariesIn(dir string) *Binaries { return &Binaries{dir: dir, given: true} }

// Path is where a service's binary is: scraper, cache, bookiesim or standalone.
func (b *Binaries) Path(name string) (string, error) {
	path := filepath.Join(b.dir, name)
	if b.given {
		return path, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err, done := b.built[name]; done {
		return path, err
	}
	args := append([]string{"build", "-trimpath", "-o", path}, b.flags...)
	out, err := exec.Command("go", append(args, module+name+"/cmd/"+name)...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	b.built[name] = err
	return path, err
}

// Migrate brings a database to the schema that the scraper's binary has.
func (b *Binaries) Migrate(ctx context.Context, url string) error {
	path, err := b.Path("scraper")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, "migrate")
	cmd.Env = append(os.Environ(), "SCRAPER_DATABASE_URL="+url)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("migrating the database: %w\n%s", err, out)
	}
	return nil
}

// Close removes what was built.
func (b *Binaries) Close() error {
	if b.given {
		return nil
	}
	return os.RemoveAll(b.dir)
}

// shared are the binaries of all tests of a package; Main removes them.
var shared struct { //nolint:gochecknoglobals // testing offers no other place that lives as long as TestMain
	mu       sync.Mutex // guards what follows
	open     bool
	binaries *Binaries
}

// errNoMain says that nobody would remove the binaries.
var errNoMain = errors.New("this package's TestMain does not call cluster.Main")

// Built are the binaries of all tests of a package, built once. Its TestMain calls Main.
func Built(t *testing.T) *Binaries {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.open {
		t.Fatal(errNoMain)
	}
	if shared.binaries == nil {
		b, err := NewBinaries()
		if err != nil {
			t.Fatal(err)
		}
		shared.binaries = b
	}
	return shared.binaries
}

// Main runs a package's tests as pgtest.Main does, and removes the binaries that they built.
func Main(m *testing.M, options ...goleak.Option) { pgtest.Main(tests{m}, options...) }

// tests are a package's tests with what is to be removed after them.
type tests struct{ m *testing.M }

// Run runs the tests.
func (t tests) Run() int {
	shared.open = true // no test runs yet
	code := t.m.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.binaries == nil {
		return code
	}
	if err := shared.binaries.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "cluster: removing binaries:", err)
		code = max(code, 1)
	}
	return code
}
