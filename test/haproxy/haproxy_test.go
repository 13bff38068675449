// Package haproxy tests deploy/haproxy/haproxy.cfg with a real HAProxy: how the one address of the compose stack spreads
// connections over the caches. The caches are stand-ins that say who answers, the engine's DNS is one of the tests' own.
package haproxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// requireHAProxy set to 1 makes a missing HAProxy a failure.
const requireHAProxy = "REQUIRE_HAPROXY"

// program finds HAProxy. Debian has it in a folder that PATH holds for root alone.
func program(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if required, _ := strconv.ParseBool(os.Getenv(requireHAProxy)); required {
		t.Fatalf("haproxy is not there (%s is set); `make haproxy` installs it", requireHAProxy)
	}
	t.Skipf("SKIPPED, it needs haproxy: `make haproxy` installs it (%s=1 makes this a failure)", requireHAProxy)
	return ""
}

// committed is the file of the compose stack.
func committed(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../deploy/haproxy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// edited is a copy of the committed file in which each old text, of pairs of old and new, became the new one.
func edited(t *testing.T, pairs ...string) string {
	t.Helper()
	text, err := os.ReadFile(committed(t))
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(pairs, 2) {
		if !strings.Contains(string(text), pair[0]) {
			t.Fatalf("haproxy.cfg has no %q", pair[0])
		}
	}
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// proxy is a running HAProxy.
type proxy struct {
	addr    string // of the lookups
	inside  string // of health and metrics for its own container
	scraped string // of metrics for Prometheus
	stop    func() // as the engine stops it; waits
}

// start runs HAProxy over the caches that the names server knows, with a configuration and more of its environment.
func start(t *testing.T, caches *fleet, config string, env ...string) *proxy {
	t.Helper()
	path := program(t)
	// It takes over listeners that are open already, so no port is chosen twice.
	lookups, health, metrics := listener(t), listener(t), listener(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "-db", "-f", config)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.ExtraFiles = []*os.File{lookups.file, health.file, metrics.file}
	cmd.Env = append([]string{
		"LOOKUPS_LISTEN=fd@3", "HEALTH_LISTEN=fd@4", "METRICS_LISTEN=fd@5", "DNS=" + caches.names.addr,
		"CACHES=cache:" + caches.port, "CACHE_CHECK_PORT=" + caches.healthPort,
	}, env...)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // ends with the process
	p := &proxy{addr: lookups.addr, inside: health.addr, scraped: metrics.addr, stop: func() { cancel(); <-ended }}
	t.Cleanup(p.stop)
	for _, l := range []handed{lookups, health, metrics} {
		_ = l.file.Close()
	}
	return p
}

// handed is a listener to hand to a process.
type handed struct {
	file *os.File
	addr string
}

func listener(t *testing.T) handed {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File() //nolint:forcetypeassert,errcheck // it listens on TCP
	if err != nil {
		t.Fatal(err)
	}
	return handed{file: file, addr: l.Addr().String()}
}

// page reads a page of HAProxy's own.
func (p *proxy) page(t *testing.T, path string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.inside+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true // no connection stays
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// sees waits until exactly so many caches are ready for HAProxy.
func (p *proxy) sees(t *testing.T, caches int) {
	t.Helper()
	want := fmt.Sprintf("haproxy_backend_active_servers{proxy=\"caches\"} %d\n", caches)
	var status int
	var body string
	eventually(t, func() bool {
		status, body = p.page(t, "/metrics")
		return strings.Contains(body, want)
	}, func() string { return fmt.Sprintf("HAProxy does not see %d caches: HTTP %d\n%s", caches, status, body) })
}

// eventually asks again until ok says yes, and fails with a reason after half a minute.
func eventually(t *testing.T, ok func() bool, reason func() string) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatal(reason())
		}
	}
}
