package store

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/oddscache/oddscache/pkg/obs/spans"
)

func tracer() trace.Tracer { return otel.Tracer("oddscache/store") }

// transactionSpan starts the span of a write transaction that moves the revision to the given one.
func (w *Writer) transactionSpan(ctx context.Context, to int64) (context.Context, trace.Span) {
	return tracer().Start(ctx, "transaction", trace.WithAttributes( //nolint:spancheck // the caller ends it
		spans.Epoch.String(w.Epoch()), spans.FromRevision.Int64(w.head), spans.Revision.Int64(to)))
}

// publicationSpan makes the span under which caches put theirs of applying what was published. It begins a trace of
// its own, whose ids the caches know, and the two traces link to each other.
func (w *Writer) publicationSpan(ctx context.Context, to int64) {
	epoch, cause := w.Epoch(), trace.SpanFromContext(ctx)
	publication := spans.Publication(epoch, to)
	cause.AddLink(trace.Link{SpanContext: publication})
	_, span := tracer().Start(spans.As(ctx, publication), "publish", trace.WithNewRoot(),
		trace.WithLinks(trace.Link{SpanContext: cause.SpanContext()}),
		trace.WithAttributes(spans.Epoch.String(epoch), spans.Revision.Int64(to)))
	span.End()
}

// endSpan ends a span with what came of its work.
func endSpan(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
