package replica

import (
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/obs/spans"
)

// unpublished is what was applied since lookups last saw something new: the work of one span. The zero value is none.
type unpublished struct {
	began   time.Time
	from    int64
	batches int
	entries int
}

// track adds an applied batch, and ends the span when lookups see it.
func (s *session) track(b feedlog.Batch, began time.Time) {
	if s.unpublished.batches == 0 {
		s.unpublished.began, s.unpublished.from = began, b.From
	}
	s.unpublished.batches++
	s.unpublished.entries += len(b.Entries)
	if !s.staging && !b.More {
		s.endSpan()
	}
}

// endSpan makes the span of what lookups see from now on, in the trace of the scraper's publication that led there. A replica
// that was behind has applied several publications as one; its span is in the trace of the last.
func (s *session) endSpan() {
	work := s.unpublished
	s.unpublished = unpublished{}
	if work.batches == 0 {
		return
	}
	epoch, revision := s.index.Epoch(), s.index.Log().Head
	publication := spans.Publication(epoch, revision)
	_, span := otel.Tracer("oddscache/replica").Start(spans.InTrace(s.ctx, publication), "apply", trace.WithNewRoot(),
		trace.WithTimestamp(work.began), trace.WithLinks(trace.Link{SpanContext: publication}),
		trace.WithAttributes(
			spans.Epoch.String(epoch), spans.FromRevision.Int64(work.from), spans.Revision.Int64(revision),
			attribute.Int("oddscache.batches", work.batches), attribute.Int("oddscache.entries", work.entries),
			attribute.String("oddscache.replica", s.r.cfg.ID)))
	span.End()
}
