package haproxy

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/pkg/auth/certs/certtest"
)

// lockedShape makes HAProxy's certificates and the variables that docker-compose.tls.yml sets to them.
func lockedShape(t *testing.T) (authority *certtest.Authority, env []string) {
	t.Helper()
	dir := t.TempDir()
	authority = certtest.NewAuthority(t)
	authority.Write(t, filepath.Join(dir, "ca.crt"))
	authority.Issue(t, "lookups").Write(t, dir, "tls")
	return authority, []string{"CACHE_CHECK_CA=" + filepath.Join(dir, "ca.crt"), "METRICS_TLS=" + dir}
}

// TestConfigurationIsValid has HAProxy check the file in both shapes. A warning, its word for what may be meant
// otherwise, counts as well.
func TestConfigurationIsValid(t *testing.T) {
	t.Parallel()
	_, locked := lockedShape(t)
	for name, env := range map[string][]string{"open": {}, "locked": locked} {
		cmd := exec.CommandContext(t.Context(), program(t), "-c", "-f", committed(t))
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("WARNING")) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestTLSPassesThrough runs the locked shape. Clients make their handshake with the cache; HAProxy itself asks only caches
// with the right name for their health, and shows its metrics only to certificates of the authority.
func TestTLSPassesThrough(t *testing.T) {
	t.Parallel()
	authority, env := lockedShape(t)
	right, stranger := authority.Issue(t, "cache").TLS(t), authority.Issue(t, "scraper").TLS(t)
	caches := newFleet(t, 0)
	caches.certificate = &stranger
	caches.add(t)
	caches.certificate = &right
	cache := caches.add(t)
	p := start(t, caches, committed(t), env...)
	p.sees(t, 1)

	for range 4 {
		conn := tls.Client(dial(t, p.addr).Conn, &tls.Config{RootCAs: authority.Pool(), ServerName: "cache"}) //nolint:gosec // caches speak 1.3
		c := &client{conn, bufio.NewReader(conn)}
		if response, err := c.send("odds"); err != nil || response != cache.host.String()+" odds\n" {
			t.Fatalf("over TLS: %q, %v", response, err)
		}
		if state := conn.ConnectionState(); !bytes.Equal(state.PeerCertificates[0].Raw, right.Certificate[0]) || state.Version != tls.VersionTLS13 {
			t.Errorf("the client spoke TLS %x with somebody else than the cache", state.Version)
		}
	}

	scrape := func(config *tls.Config) (int, string, error) {
		transport := &http.Transport{TLSClientConfig: config}
		defer transport.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.scraped+"/metrics", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response.StatusCode, string(body), err
	}
	config := &tls.Config{RootCAs: authority.Pool(), ServerName: "lookups"} //nolint:gosec // HAProxy speaks 1.3
	if status, _, err := scrape(config.Clone()); err == nil {
		t.Errorf("metrics without a certificate: HTTP %d", status)
	}
	config.Certificates = []tls.Certificate{authority.Issue(t, "spiffe://oddscache/prometheus").TLS(t)}
	if status, body, err := scrape(config); err != nil || status != http.StatusOK || !strings.Contains(body, "haproxy_server_current_sessions") {
		t.Errorf("metrics with a certificate: HTTP %d, %v\n%s", status, err, body)
	}
}
