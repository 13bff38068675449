package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/pkg/cmdline/cmdlinetest"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	cmdlinetest.Documented(t, new(cli), "../../README.md", "BOOKIESIM_")
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	world, err := sim.New(sim.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(world.Combined())
	check := healthcheck{Address: strings.TrimPrefix(server.URL, "http://"), Timeout: 10 * time.Second}
	if err := check.Run(t.Context()); err != nil {
		t.Errorf("healthcheck of a running simulator: %v", err)
	}
	server.Close()
	if err := check.Run(t.Context()); err == nil {
		t.Error("healthcheck of a stopped simulator passes")
	}
}
