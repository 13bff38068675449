package cycle

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/oddscache/oddscache/pkg/obs/spans"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// startSpan starts a span of this package. It is cheap when no provider is set.
func startSpan(ctx context.Context, name string, attrs ...attribute.KeyValue) (context.Context, trace.Span) {
	return otel.Tracer("oddscache/cycle").Start(ctx, name, trace.WithAttributes(attrs...)) //nolint:spancheck // the caller ends it
}

// span is the cycle's. Every line that the cycle logs names its trace, when there is one.
func (r *run) span(ctx context.Context) (context.Context, trace.Span) {
	ctx, span := startSpan(ctx, "cycle", spans.CycleID.String(r.handle.CycleID))
	if of := span.SpanContext(); of.IsSampled() {
		r.log = r.log.With("trace_id", of.TraceID().String())
	}
	return ctx, span
}

// discoverySpan is that of one bookmaker's discovery.
func discoverySpan(ctx context.Context, b odds.Bookmaker) (context.Context, trace.Span) {
	return startSpan(ctx, "discover", spans.Bookmaker.String(string(b)))
}

// endSpan ends a span with the outcome of its work.
func endSpan(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
