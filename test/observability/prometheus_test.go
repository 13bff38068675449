package observability

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oddscache/oddscache/test/cluster"
)

// requirePrometheus set to 1 makes a missing Prometheus a failure.
const requirePrometheus = "REQUIRE_PROMETHEUS"

// program finds prometheus or promtool: installed, or where `make prometheus` unpacks them.
func program(t *testing.T, name string) string {
	t.Helper()
	unpacked := filepath.Join(root(t), ".tools", "prometheus", "usr", "bin", name)
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if _, err := os.Stat(unpacked); err == nil {
		return unpacked
	}
	if required, _ := strconv.ParseBool(os.Getenv(requirePrometheus)); required {
		t.Fatalf("%s is not there (%s is set); `make prometheus` fetches it", name, requirePrometheus)
	}
	t.Skipf("SKIPPED, it needs %s: `make prometheus` fetches it (%s=1 makes this a failure)", name, requirePrometheus)
	return ""
}

// server is a Prometheus that scrapes a pair every second and keeps the alerts.
type server struct{ base string }

// scrape starts one; it is stopped when t ends.
func scrape(t *testing.T, p *cluster.Cluster) *server {
	t.Helper()
	path := program(t, "prometheus")
	dir := t.TempDir()
	config := fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - {job_name: scraper, static_configs: [{targets: [%q]}]}
  - {job_name: cache, static_configs: [{targets: [%q]}]}
`, filepath.Join(root(t), "deploy", "alerts.yml"), p.Scrapers[0].Admin, p.Caches[0].Admin)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := cluster.FreeAddr(t)
	cmd := exec.CommandContext(t.Context(), path, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+listen, "--log.level=warn")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // t's context has ended by then
	s := &server{base: "http://" + listen}
	if !eventually(t, func() bool {
		_, err := s.get(t, "/-/ready")
		return err == nil
	}) {
		t.Fatal("Prometheus does not become ready")
	}
	return s
}

// errStatus is an answer with another status than 200.
var errStatus = errors.New("unexpected status")

// get reads a page; its body is part of the error of a bad status.
func (s *server) get(t *testing.T, path string) ([]byte, error) {
	t.Helper()
	return page(t, s.base+path)
}

// page reads a page by its address.
func page(t *testing.T, address string) ([]byte, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Close = true // no connection stays
	client := &http.Client{Timeout: waitTimeout}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%w: %d %s", errStatus, response.StatusCode, body)
	}
	return body, err
}

// query asks for the present value of an expression and returns how many of its series have one.
func (s *server) query(t *testing.T, expression string) (values int, err error) {
	t.Helper()
	body, err := s.get(t, "/api/v1/query?query="+url.QueryEscape(expression))
	if err != nil {
		return 0, err
	}
	var response struct {
		Data struct {
			ResultType string          `json:"resultType"`
			Result     json.RawMessage `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &response); err != nil {
		return 0, fmt.Errorf("decoding %s: %w", body, err)
	}
	type sample [2]any // an instant, and the value as text
	var samples []sample
	if response.Data.ResultType == "scalar" {
		var one sample
		err = json.Unmarshal(response.Data.Result, &one)
		samples = append(samples, one)
	} else {
		var series []struct {
			Value sample `json:"value"`
		}
		err = json.Unmarshal(response.Data.Result, &series)
		for _, one := range series {
			samples = append(samples, one.Value)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("decoding %s: %w", body, err)
	}
	for _, one := range samples {
		text, _ := one[1].(string)
		if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(v) {
			values++
		}
	}
	return values, nil
}

// waitTimeout is how long something may take to show: a busy machine lets Prometheus miss a scrape or two.
const waitTimeout = 45 * time.Second

// await asks again until a query has a value, for as long as patience lasts, and returns the last answer.
func (s *server) await(t *testing.T, expression string) (values int, err error) {
	t.Helper()
	eventually(t, func() bool {
		values, err = s.query(t, expression)
		return err != nil || values > 0
	})
	return values, err
}

// eventually asks several times a second until ok says yes, and reports whether it did in time.
func eventually(t *testing.T, ok func() bool) bool {
	t.Helper()
	deadline := time.NewTimer(waitTimeout)
	defer deadline.Stop()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-deadline.C:
			return false
		case <-t.Context().Done():
			return false
		}
	}
	return true
}

// rule is what Prometheus says of an alert.
type rule struct {
	Name      string `json:"name"`
	Query     string `json:"query"`
	Health    string `json:"health"`
	State     string `json:"state"`
	LastError string `json:"lastError"`
	Alerts    []struct {
		Labels map[string]string `json:"labels"`
		Value  string            `json:"value"`
	} `json:"alerts"`
}

// rules are all alerts.
func (s *server) rules(t *testing.T) []rule {
	t.Helper()
	body, err := s.get(t, "/api/v1/rules?type=alert")
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		Data struct {
			Groups []struct {
				Rules []rule `json:"rules"`
			} `json:"groups"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &response); err != nil {
		t.Fatalf("decoding %s: %v", body, err)
	}
	var all []rule
	for _, g := range response.Data.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// runPromtool runs it and fails with what it says.
func runPromtool(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, "promtool"), args...)
	cmd.Dir = filepath.Join(root(t), "deploy")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
