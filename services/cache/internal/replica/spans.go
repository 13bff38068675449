package replica

import (
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/oddscache/oddscache/pkg/feedlog"
	"github.com/oddscache/oddscache/pkg/obs/spans"
)

// unseen is what was applied since lookups last saw something new: the work of one span. The zero value is none.
type unseen struct {
	began   time.Time
	from    int64
	batches int
	entries int
}

// note adds an applied batch, and ends the work when lookups see it.
func (s *session) note(b feedlog.Batch, began time.Time) {
	if s.unseen.batches == 0 {
		s.unseen.began, s.unseen.from = began, b.From
	}
	s.unseen.batches++
	s.unseen.entries += len(b.Entries)
	if !s.aside && !b.More {
		s.seen()
	}
}

// seen makes the span of what lookups see from now on, in the trace of the publication that led there. A replica that
// was behind has applied several publications as one; the last one's is its.
func (s *session) seen() {
	work := s.unseen
	s.unseen = unseen{}
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
