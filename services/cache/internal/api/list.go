package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/internal/frame"
	"github.com/oddscache/oddscache/services/cache/internal/store"
)

// Page sizes of ListEvents.
const (
	defaultPage      = 50
	maxPage          = 500
	maxSnapshotsPage = 20 // with snapshots an event has some 50 kB, and a response must stay well below gRPC's 4 MiB
)

// Field numbers of ListEventsResponse.
const (
	listEvents    = oddscachev1.ListEventsResponse_Events_FieldNumber
	listNextToken = oddscachev1.ListEventsResponse_NextPageToken_FieldNumber
	listFreshness = oddscachev1.ListEventsResponse_Freshness_FieldNumber
)

// ListEvents returns one page of events, in the order (kickoff, sr_id). A page is of one view; the next may be of another, and
// then begins after the last event of this one, wherever that is by then.
func (s *Server) ListEvents(ctx context.Context, r *oddscachev1.ListEventsRequest) (*rawpb.Message, error) {
	if err := validList("bookmakers", r.GetBookmakers(), maxBookmakers); err != nil {
		return nil, err
	}
	size, err := pageSize(r)
	if err != nil {
		return nil, err
	}
	q, err := newQuery(r)
	if err != nil {
		return nil, err
	}
	v, err := s.view(ctx, 0)
	if err != nil {
		return nil, err
	}
	events, next := q.page(v, size)
	return listResponse(v, events, next, r), nil
}

// listResponse puts a page together.
func listResponse(v store.View, events []*store.Event, next string, r *oddscachev1.ListEventsRequest) *rawpb.Message {
	parts := 3
	if r.GetIncludeSnapshots() {
		parts = partsOfEvent
	}
	b := frame.NewBuilder(parts*len(events) + 4)
	defer b.Release()
	filter := frame.NewFilter(r.GetBookmakers(), nil)
	for _, e := range events {
		m := b.Open()
		b.Event(&e.Frame)
		if r.GetIncludeSnapshots() {
			b.Snapshots(e.Snapshots, filter)
		}
		b.Close(m, listEvents)
	}
	if next != "" {
		b.Append(len(next)+4, func(p []byte) []byte {
			return protowire.AppendString(protowire.AppendTag(p, listNextToken, protowire.BytesType), next)
		})
	}
	addFreshness(b, listFreshness, v)
	return b.Message()
}

// pageSize is the number of events that a page has at most.
func pageSize(r *oddscachev1.ListEventsRequest) (int, error) {
	most := maxPage
	if r.GetIncludeSnapshots() {
		most = maxSnapshotsPage
	}
	switch size := int(r.GetPageSize()); {
	case size < 0:
		return 0, rpcerr.Invalid("page_size", "is %d, must not be negative", size).WithLimit(0)
	case size == 0:
		return min(defaultPage, most), nil
	default:
		return min(size, most), nil
	}
}

// query is a validated ListEventsRequest.
type query struct {
	after               *store.Position // the last event of the page before; nil for the first page
	from, to            time.Time       // from <= kickoff < to; zero for no bound
	country, tournament string
	bookmakers          []string
	filters             uint64 // what a page token is bound to
}

// newQuery validates a request, page token included.
func newQuery(r *oddscachev1.ListEventsRequest) (*query, error) {
	q := &query{country: r.GetCountry(), tournament: r.GetTournament(), bookmakers: r.GetBookmakers(), filters: filterSum(r)}
	var err error
	if q.from, q.to, err = window(r.GetKickoffFrom(), r.GetKickoffTo()); err != nil {
		return nil, err
	}
	if token := r.GetPageToken(); token != "" {
		at, ok := readToken(token, q.filters)
		if !ok {
			return nil, rpcerr.Invalid("page_token", "is not a token of an answer to this request with the same filters")
		}
		q.after = &at
	}
	return q, nil
}

// window reads the two optional bounds of kickoffs.
func window(kickoffFrom, kickoffTo *timestamppb.Timestamp) (from, to time.Time, err error) {
	if from, err = instant("kickoff_from", kickoffFrom); err != nil {
		return from, to, err
	}
	if to, err = instant("kickoff_to", kickoffTo); err != nil {
		return from, to, err
	}
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		return from, to, rpcerr.Invalid("kickoff_to", "is before kickoff_from")
	}
	return from, to, nil
}

// instant reads an optional timestamp.
func instant(field string, t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if err := t.CheckValid(); err != nil {
		return time.Time{}, rpcerr.Invalid(field, "is no instant between the years 1 and 9999")
	}
	return t.AsTime(), nil
}

// page collects the events of a page, and the token of the next one, empty at the end.
func (q *query) page(v store.View, size int) (events []*store.Event, next string) {
	start := store.Position{Kickoff: q.from}
	if q.after != nil {
		start = *q.after
	}
	v.Ascend(start, func(e *store.Event) bool {
		switch {
		case !q.to.IsZero() && !e.Kickoff.Before(q.to):
			return false
		case q.after != nil && e.SrID == q.after.SrID && e.Kickoff.Equal(q.after.Kickoff), !q.matches(e):
			return true
		case len(events) == size:
			next = makeToken(events[size-1].Position(), q.filters)
			return false
		}
		events = append(events, e)
		return true
	})
	return events, next
}

// matches reports whether an event passes the filters beside the window of kickoffs.
func (q *query) matches(e *store.Event) bool {
	return (q.country == "" || e.Country == q.country) &&
		(q.tournament == "" || e.Tournament == q.tournament) &&
		e.HasSnapshots(q.bookmakers)
}
