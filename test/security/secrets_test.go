package security

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oddscache/oddscache/pkg/auth/certs/certtest"
	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
)

// password stands in the database's URL. Postgres does not ask for it here, and takes it nevertheless.
const password = "hunter2-and-no-other"

// output collects what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// TestSecretsStayInside runs both binaries at their most talkative, with right and wrong callers, and looks for the
// secrets in everything that leaves them: logs, errors, metrics, profiles' pages and command lines.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &testbed{authority: certtest.NewAuthority(t), dir: dir, tokens: make(map[string]string), tokensFile: filepath.Join(dir, "tokens")}
	s.authority.Write(t, s.path("ca.crt"))
	for _, name := range []string{"scraper", "cache"} {
		s.authority.Issue(t, "localhost", "127.0.0.1", name, "spiffe://oddscache/"+name).Write(t, dir, name)
	}
	s.allow(t, "pricing", "rate=0.1 burst=2")
	address, err := url.Parse(pgtest.URL(t, cluster.Migrate))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword(address.User.Username(), password)

	var logs output
	c := cluster.Prepare(t, cluster.Config{
		Binaries: cluster.Built(t), DatabaseURL: address.String(), Site: "http://127.0.0.1:1", // no cycle is run
		Scraper: s.scraperConfig, Cache: s.cacheConfig, Output: &logs,
	})
	s.use(c)
	for _, service := range c.Services() {
		if err := service.Start("SCRAPER_LOG_LEVEL=debug", "CACHE_LOG_LEVEL=debug"); err != nil {
			t.Fatal(err)
		}
	}
	wrong, _, err := tokens.New("wrong")
	if err != nil {
		t.Fatal(err)
	}
	outside := s.callers(t, wrong)
	for _, addr := range []string{s.scraperAdmin, s.cacheAdmin} {
		for _, path := range []string{"/", "/metrics", "/readyz", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=2"} {
			outside += s.pageText(t, "https://"+addr+path)
		}
	}
	for _, service := range c.Services() {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", service.Process().PID()))
		if err != nil {
			t.Error(err)
		}
		outside += string(line)
	}
	path, err := cluster.Built(t).Path("scraper")
	if err != nil {
		t.Fatal(err)
	}
	outside += wrongDatabases(t, path, address)
	if !strings.Contains(logs.String(), "level=DEBUG") || !strings.Contains(outside, "oddscache_refused_total") {
		t.Errorf("it looks at too little:\n%s\n%s", logs.String(), outside)
	}
	for what, secret := range map[string]string{
		"the database's password": password, "a token": s.tokens["pricing"], "a wrong token": wrong,
		"a token's hash": s.hash(t, "pricing"), "a private key": keyText(t, s.path("scraper.key")),
	} {
		for where, text := range map[string]string{"the logs": logs.String(), "what callers see": outside} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s is in %s: …%s…", what, where, text[max(0, at-100):at])
			}
		}
	}
}

// callers asks as right and as wrong callers, until the cache follows, and returns all that they are told.
func (s *testbed) callers(t *testing.T, wrong string) string {
	t.Helper()
	var seen strings.Builder
	right := oddscachev1.NewOddsCacheServiceClient(s.dial(t, s.cache, s.as(t), s.tokens["pricing"]))
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	cluster.Poll(t, within, func() bool {
		_, err := right.GetStats(ctx, &oddscachev1.GetStatsRequest{}, grpc.WaitForReady(true))
		_, _ = fmt.Fprintln(&seen, err)
		return strings.Contains(met(err), "RATE_EXCEEDED")
	})
	for _, authorization := range []string{"Bearer " + wrong, "Basic " + wrong, wrong} {
		with := metadata.AppendToOutgoingContext(ctx, "authorization", authorization)
		_, err := oddscachev1.NewOddsCacheServiceClient(s.dial(t, s.cache, s.as(t), "")).GetEvent(with, &oddscachev1.GetEventRequest{})
		_, _ = fmt.Fprintln(&seen, err)
		_, err = oddscachev1.NewScraperServiceClient(s.dial(t, s.scraper, s.as(t, aOperator), "")).
			RefreshEvent(with, &oddscachev1.RefreshEventRequest{SrId: "1"}, grpc.WaitForReady(true))
		_, _ = fmt.Fprintln(&seen, err)
	}
	return seen.String()
}

// pageText is a page as the operator sees it.
func (s *testbed) pageText(t *testing.T, url string) string {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: s.as(t, aOperator)}
	var text []byte
	if !cluster.Poll(t, within, func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(r)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, err = io.ReadAll(response.Body)
		return err == nil
	}) {
		t.Errorf("%s does not answer", url)
	}
	return string(text)
}

// wrongDatabases runs the scraper's commands with databases that cannot be used, and returns what they say.
func wrongDatabases(t *testing.T, path string, good *url.URL) string {
	t.Helper()
	var output strings.Builder
	missing := *good
	missing.Path = "/no_such_database"
	for _, address := range []string{
		missing.String(), "postgres://me:" + password + "@127.0.0.1:1/odds", "postgres://me:" + password + "@%zz/odds",
		"postgres://me:" + password + "@127.0.0.1:port/odds", "host=127.0.0.1 port=1 user=me password=" + password + " sslmode=wrong",
	} {
		for _, args := range [][]string{{"migrate"}, {"migrate", "--database-url=" + address}, {"serve", "--listen=x"}} {
			cmd := exec.Command(path, args...)
			cmd.Env = append(os.Environ(), "SCRAPER_DATABASE_URL="+address)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("%v with a wrong database ended well", args[0])
			}
			output.Write(out)
		}
	}
	return output.String()
}

// keyText is a line of a private key.
func keyText(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(content), "\n")[1]
}
