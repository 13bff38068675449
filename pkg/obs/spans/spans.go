// Package spans is what the traces of both services have in common: the names of attributes, and the trace that a
// publication has in each of them without a word about it on the feed.
//
// It is not for sending spans anywhere (pkg/obs/tracing does), and what a span covers is decided where its work is
// done. See docs/adr/0007-traces-meet-at-publications.md.
package spans

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Attributes of spans.
const (
	CycleID      attribute.Key = "oddscache.cycle_id"
	Batch        attribute.Key = "oddscache.batch" // number within its cycle
	Epoch        attribute.Key = "oddscache.epoch"
	FromRevision attribute.Key = "oddscache.from_revision"
	Revision     attribute.Key = "oddscache.revision" // that the work led to
	Bookmaker    attribute.Key = "oddscache.bookmaker"
)

// Publication is the context of the span that the scraper makes when it publishes a block that ends at a revision. It
// follows from epoch and revision, so a cache that applied the block knows it too.
func Publication(epoch string, revision int64) trace.SpanContext {
	text := binary.BigEndian.AppendUint64([]byte("oddscache publication "+epoch+" "), uint64(revision)) //nolint:gosec // any bits do
	sum := sha256.Sum256(text)
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID(sum[:16]), SpanID: trace.SpanID(sum[16:24]), Remote: true,
	})
}

// wanted is the key of the ids that the next root span takes.
type wanted struct{}

// InTrace makes the next root span that is started with the context one of the given trace.
func InTrace(ctx context.Context, of trace.SpanContext) context.Context {
	return context.WithValue(ctx, wanted{}, trace.NewSpanContext(trace.SpanContextConfig{TraceID: of.TraceID()}))
}

// As makes the next root span that is started with the context the given one.
func As(ctx context.Context, span trace.SpanContext) context.Context {
	return context.WithValue(ctx, wanted{}, span)
}

// IDs is a tracer provider's generator of ids: those that the context wants, else random ones.
type IDs struct{}

// NewIDs gives a root span its ids.
func (IDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	of, _ := ctx.Value(wanted{}).(trace.SpanContext)
	traceID, spanID := of.TraceID(), of.SpanID()
	if !traceID.IsValid() {
		random(traceID[:])
	}
	if !spanID.IsValid() {
		random(spanID[:])
	}
	return traceID, spanID
}

// NewSpanID gives a child its id.
func (IDs) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	random(id[:])
	return id
}

// random fills an id. All zeros, which would be invalid, does not happen.
func random(id []byte) { _, _ = rand.Read(id) } // never returns an error
