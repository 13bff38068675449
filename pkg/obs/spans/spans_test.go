package spans_test

import (
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/oddscache/oddscache/pkg/obs/spans"
)

func TestPublicationFollowsFromEpochAndRevision(t *testing.T) {
	t.Parallel()
	one := spans.Publication("epoch", 7)
	if !one.IsValid() || !one.Equal(spans.Publication("epoch", 7)) {
		t.Errorf("%v is not valid, or not the same again", one)
	}
	for _, other := range []trace.SpanContext{spans.Publication("epoch", 8), spans.Publication("epoc", 7), spans.Publication("", 7)} {
		if other.TraceID() == one.TraceID() || other.SpanID() == one.SpanID() {
			t.Errorf("%v shares an id with %v", other, one)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	publication := spans.Publication("epoch", 7)
	traceID, spanID := spans.IDs{}.NewIDs(spans.As(t.Context(), publication))
	if traceID != publication.TraceID() || spanID != publication.SpanID() {
		t.Errorf("as the publication: got %v %v", traceID, spanID)
	}
	traceID, spanID = spans.IDs{}.NewIDs(spans.InTrace(t.Context(), publication))
	if traceID != publication.TraceID() || spanID == publication.SpanID() || !spanID.IsValid() {
		t.Errorf("in its trace: got %v %v", traceID, spanID)
	}
	first, _ := spans.IDs{}.NewIDs(t.Context())
	second, spanID := spans.IDs{}.NewIDs(t.Context())
	if first == second || !first.IsValid() || !spanID.IsValid() || spanID == (spans.IDs{}).NewSpanID(t.Context(), first) {
		t.Errorf("unasked: got %v and %v", first, second)
	}
}
