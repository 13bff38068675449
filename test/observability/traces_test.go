package observability

import (
	"slices"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/oddscache/oddscache/pkg/obs/spans"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
)

// spansOf are the ended spans that pass.
func spansOf(pass func(sdktrace.ReadOnlySpan) bool) []sdktrace.ReadOnlySpan {
	return slices.DeleteFunc(recorder.Ended(), func(s sdktrace.ReadOnlySpan) bool { return !pass(s) })
}

// children are the spans of a name directly below another.
func children(of sdktrace.ReadOnlySpan, name string) []sdktrace.ReadOnlySpan {
	return spansOf(func(s sdktrace.ReadOnlySpan) bool {
		return s.Name() == name && s.Parent().SpanID() == of.SpanContext().SpanID() && s.SpanContext().TraceID() == of.SpanContext().TraceID()
	})
}

// revision is a span's attribute; 0 without it.
func revision(s sdktrace.ReadOnlySpan) int64 {
	for _, a := range s.Attributes() {
		if a.Key == spans.Revision {
			return a.Value.AsInt64()
		}
	}
	return 0
}

// text is a span's attribute; empty without it.
func text(s sdktrace.ReadOnlySpan, is string) bool {
	for _, a := range s.Attributes() {
		if a.Value.AsString() == is {
			return true
		}
	}
	return false
}

// linked reports whether a span links to another.
func linked(s sdktrace.ReadOnlySpan, to trace.SpanContext) bool {
	return slices.ContainsFunc(s.Links(), func(l sdktrace.Link) bool {
		return l.SpanContext.TraceID() == to.TraceID() && l.SpanContext.SpanID() == to.SpanID()
	})
}

// TestTraceOfACycle follows a cycle through both services: cycle, batch, transaction, publication, and the cache's
// applying of it, which shares the publication's trace although the feed carries no word of it.
func TestTraceOfACycle(t *testing.T) {
	t.Parallel()
	p := cluster.Start(t, cluster.Config{Site: site(t, 10).URL})
	p.Live(t)
	end := p.RunCycle(t, oddscachev1.CycleStatus_CYCLE_STATUS_SUCCEEDED)
	p.Reach(t, end.GetRevision())
	epoch := p.Live(t).GetFreshness().GetEpoch()

	cycles := spansOf(func(s sdktrace.ReadOnlySpan) bool {
		return s.Name() == "cycle" && text(s, end.GetCycle().GetCycleId())
	})
	if len(cycles) != 1 {
		t.Fatalf("%d spans of the cycle", len(cycles))
	}
	cycle := cycles[0]
	if n := len(children(cycle, "discover")); n != 3 {
		t.Errorf("%d discoveries, want one for each bookmaker", n)
	}
	batches := children(cycle, "batch")
	if len(batches) == 0 {
		t.Fatal("no batch below the cycle")
	}
	for _, batch := range batches {
		transactions := children(batch, "transaction")
		if len(transactions) != 1 || len(children(batch, "feed")) != 1 {
			t.Fatalf("%d transactions and %d feeds below a batch", len(transactions), len(children(batch, "feed")))
		}
		published(t, batch, epoch, revision(transactions[0]))
	}
	last := children(cycle, "transaction") // its beginning, which publishes nothing, and its end
	if len(last) != 2 || revision(last[1]) != end.GetRevision() {
		t.Fatalf("%d transactions below the cycle, want two, and the last one leading to revision %d", len(last), end.GetRevision())
	}
	published(t, cycle, epoch, end.GetRevision())
}

// published follows a block of revisions from the span that stored it to the cache.
func published(t *testing.T, storing sdktrace.ReadOnlySpan, epoch string, to int64) {
	t.Helper()
	publication := spans.Publication(epoch, to)
	if !linked(storing, publication) {
		t.Errorf("%s does not link to the publication of revision %d", storing.Name(), to)
	}
	publish := spansOf(func(s sdktrace.ReadOnlySpan) bool {
		return s.Name() == "publish" && s.SpanContext().TraceID() == publication.TraceID() && s.SpanContext().SpanID() == publication.SpanID()
	})
	if len(publish) != 1 || !linked(publish[0], storing.SpanContext()) {
		t.Fatalf("%d publications of revision %d, want one that links back", len(publish), to)
	}
	// A cache that was busy applies two publications as one: the span is then the later one's.
	applied := func(s sdktrace.ReadOnlySpan) bool {
		return s.Name() == "apply" && text(s, epoch) && revision(s) >= to && revision(s)-to < 1000
	}
	if !cluster.Poll(t, 10*time.Second, func() bool { return len(spansOf(applied)) > 0 }) {
		t.Fatalf("nothing was applied up to revision %d", to)
	}
	first := slices.MinFunc(spansOf(applied), func(a, b sdktrace.ReadOnlySpan) int { return int(revision(a) - revision(b)) })
	of := spans.Publication(epoch, revision(first))
	if first.SpanContext().TraceID() != of.TraceID() || !linked(first, of) || first.SpanContext().SpanID() == of.SpanID() {
		t.Errorf("applying revision %d is not in the trace of its publication", revision(first))
	}
	if !first.StartTime().Before(first.EndTime()) {
		t.Errorf("applying revision %d took no time", revision(first))
	}
}
