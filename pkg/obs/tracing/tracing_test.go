package tracing_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/oddscache/oddscache/pkg/obs/tracing"
)

// clean unsets what the machine may have set.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
	} {
		t.Setenv(name, "")
	}
	t.Cleanup(func() { otel.SetTracerProvider(noop.NewTracerProvider()) })
}

// TestOff is the usual case: no span is made, so nothing is paid.
func TestOff(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"nothing set": {},
		"none":        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
		"disabled":    {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			for k, v := range env {
				t.Setenv(k, v)
			}
			stop, err := tracing.Start(t.Context(), "cache")
			if err != nil {
				t.Fatal(err)
			}
			_, span := otel.Tracer("test").Start(t.Context(), "work")
			if span.IsRecording() {
				t.Error("spans are made")
			}
			if err := stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatIsNotSpoken(t *testing.T) {
	for env, value := range map[string]string{
		"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json",
	} {
		t.Run(env, func(t *testing.T) {
			clean(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
			t.Setenv(env, value)
			if _, err := tracing.Start(t.Context(), "cache"); err == nil || !strings.Contains(err.Error(), env) || !strings.Contains(err.Error(), value) {
				t.Errorf("got %v, want the variable and its value", err)
			}
		})
	}
}

// TestSpansArriveAtTheCollector sends to a collector that the standard variables name.
func TestSpansArriveAtTheCollector(t *testing.T) {
	clean(t)
	arrived := make(chan string, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case arrived <- r.URL.Path:
		default:
		}
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	ctx, cancel := context.WithCancel(t.Context())
	err := tracing.Around(ctx, "cache", func() error {
		_, span := otel.Tracer("test").Start(ctx, "work")
		span.End()
		cancel() // as a process that is told to stop
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if path := <-arrived; path != "/v1/traces" {
		t.Errorf("spans went to %s", path)
	}
}
