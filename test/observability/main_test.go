// Package observability tests what operators see of the pair: metrics and their description, the dashboard and the alerts at
// a real Prometheus, the runbook, and the traces through both services.
//
// It is not for what a single gauge says in every case: tests beside the code do that.
package observability

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/pkg/obs/tracing"
	"github.com/oddscache/oddscache/services/bookiesim/sim"
	"github.com/oddscache/oddscache/test/cluster"
)

// recorder hears of all spans. The provider is the process's, so there is one for all tests.
//
//nolint:gochecknoglobals // OpenTelemetry's provider is global
var recorder = tracetest.NewSpanRecorder()

func TestMain(m *testing.M) {
	provider, err := tracing.NewProvider(context.Background(), "test", sdktrace.WithSpanProcessor(recorder))
	if err != nil {
		panic(err)
	}
	otel.SetTracerProvider(provider)
	cluster.Main(m, goleak.IgnoreCurrent())
}

// site starts simulated bookmakers with a few events whose prices move now and then.
func site(t *testing.T, events int) *cluster.World {
	t.Helper()
	cfg := cluster.SmallWorld(events)
	cfg.Density = sim.Small
	return cluster.StartWorld(t, cfg)
}

// file reads a file of the repository.
func file(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// root is the repository's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
