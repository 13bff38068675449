package obs_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/pkg/obs"
)

func TestNewLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := obs.NewLogger(&out, obs.FormatJSON, "WARN")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("not this")
	log.Warn("this", "build", obs.Build{Version: "v1", Revision: "abc", Go: "go1.26"})
	var line struct {
		Level string `json:"level"`
		Msg   string `json:"msg"`
		Build struct {
			Revision string `json:"revision"`
		} `json:"build"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if line.Level != "WARN" || line.Msg != "this" || line.Build.Revision != "abc" {
		t.Errorf("got %+v", line)
	}

	out.Reset()
	if log, err = obs.NewLogger(&out, obs.FormatText, "debug"); err != nil {
		t.Fatal(err)
	}
	log.Debug("seen", "cycle", 7)
	if !strings.Contains(out.String(), "level=DEBUG msg=seen cycle=7") {
		t.Errorf("got %s", out.String())
	}
}

func TestNewLoggerReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := obs.NewLogger(&bytes.Buffer{}, "xml", "loud")
	if err == nil || !strings.Contains(err.Error(), "xml") || !strings.Contains(err.Error(), "loud") {
		t.Errorf("got %v, want both values in it", err)
	}
}
