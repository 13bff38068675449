// Package tracing sends a process's spans to a collector, as OpenTelemetry's own environment variables say.
//
// It is for the programs' main functions. Whoever makes spans asks OpenTelemetry's global provider, which does nothing
// until Start has been called.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"

	"github.com/oddscache/oddscache/pkg/obs"
	"github.com/oddscache/oddscache/pkg/obs/spans"
)

// Environment variables that are read here; the SDK reads the rest itself: OTEL_EXPORTER_OTLP_* for where and how,
// OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME, OTEL_BSP_*.
const (
	envDisabled       = "OTEL_SDK_DISABLED"
	envExporter       = "OTEL_TRACES_EXPORTER"
	envEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
)

// protocol is the only one that is spoken, and OpenTelemetry's default.
const protocol = "http/protobuf"

// wanted reports whether the environment asks for spans: by an exporter or by an endpoint. Without either there is
// none, other than the specification has it: a service that nobody configured has no collector beside it.
func wanted() (bool, error) {
	if strings.EqualFold(os.Getenv(envDisabled), "true") {
		return false, nil
	}
	switch exporter := os.Getenv(envExporter); exporter {
	case "none":
		return false, nil
	case "":
		if os.Getenv(envEndpoint) == "" && os.Getenv(envTracesEndpoint) == "" {
			return false, nil
		}
	case "otlp":
	default:
		return false, fmt.Errorf("%s is %q (must be otlp or none)", envExporter, exporter)
	}
	for _, name := range []string{envTracesProtocol, envProtocol} {
		if p := os.Getenv(name); p != "" && p != protocol {
			return false, fmt.Errorf("%s is %q (must be %s)", name, p, protocol)
		}
	}
	return true, nil
}

// Start makes the process's tracer provider if the environment asks for one. stop sends what is left, within its
// context; it is never nil.
func Start(ctx context.Context, service string) (stop func(context.Context) error, err error) {
	on, err := wanted()
	if err != nil {
		return nothing, fmt.Errorf("reading the settings of traces: %w", err)
	}
	if !on {
		return nothing, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nothing, fmt.Errorf("making the exporter of traces: %w", err)
	}
	provider, err := NewProvider(ctx, service, sdktrace.WithBatcher(exporter))
	if err != nil {
		return nothing, err
	}
	otel.SetTracerProvider(provider)
	return provider.Shutdown, nil
}

// flushing bounds sending what is left when a process ends.
const flushing = 5 * time.Second

// Around does the work of a process while its spans are sent, if the environment asks for that, and sends what is left.
func Around(ctx context.Context, service string, work func() error) error {
	stop, err := Start(ctx, service)
	if err != nil {
		return err
	}
	err = work()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushing)
	defer cancel()
	if stopErr := stop(ctx); stopErr != nil {
		err = errors.Join(err, fmt.Errorf("sending the last traces: %w", stopErr))
	}
	return err
}

// nothing is the stop of a provider that was not made.
func nothing(context.Context) error { return nil }

// NewProvider makes a provider with the service's name and version and this project's ids. The caller shuts it down.
func NewProvider(ctx context.Context, service string, options ...sdktrace.TracerProviderOption) (*sdktrace.TracerProvider, error) {
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("oddscache-"+service), semconv.ServiceVersion(obs.ReadBuild().Version)),
		resource.WithFromEnv()) // last: what the environment says counts
	if err != nil {
		return nil, fmt.Errorf("describing the service to traces: %w", err)
	}
	options = append([]sdktrace.TracerProviderOption{sdktrace.WithResource(about), sdktrace.WithIDGenerator(spans.IDs{})}, options...)
	return sdktrace.NewTracerProvider(options...), nil
}
