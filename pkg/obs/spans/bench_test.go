package spans_test

import (
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/oddscache/oddscache/pkg/obs/spans"
)

// BenchmarkOff is what a publication costs each side when nobody collects spans.
func BenchmarkOff(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		publication := spans.Publication("f6f47cfc-bd80-4208-8f32-b7a05bafdc83.7711056721717737490.1.5.16481", 77)
		_, span := otel.Tracer("bench").Start(spans.As(b.Context(), publication), "publish",
			trace.WithNewRoot(), trace.WithAttributes(spans.Revision.Int64(77)), trace.WithLinks(trace.Link{SpanContext: publication}))
		span.End()
	}
}
