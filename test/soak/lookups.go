package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// lookupTimeout is the deadline of a lookup.
const lookupTimeout = 10 * time.Second

// market is BetPawa's 1X2 full time.
const market = "3743"

// errWrong is what a wrong answer wraps.
var errWrong = errors.New("wrong answer")

// lookups is the mix of questions that consumers ask, through one retrying client.
type lookups struct {
	testbed *testbed
	pool    *pool

	requested [len(kinds)]atomic.Int64
	mu        sync.Mutex // guards failed
	failed    map[string]int
}

// kinds are the rpcs of the mix with their shares of a hundred.
var kinds = [...]struct {
	name  string
	share int
}{{"LookupEvents (stream)", 50}, {"GetEvent", 35}, {"BatchGetEvents, 10 keys", 5}, {"ListEvents", 5}, {"ResolveCompetitorEvents", 5}}

func newLookups(s *testbed, p *pool) *lookups {
	return &lookups{testbed: s, pool: p, failed: make(map[string]int)}
}

// call asks the i-th question and returns the size of its answer.
func (l *lookups) call(ctx context.Context, i int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	kind, roll := 0, i%100
	for roll >= kinds[kind].share {
		roll -= kinds[kind].share
		kind++
	}
	began := time.Now()
	response, err := l.lookup(ctx, kind, i/100)
	if err != nil {
		if ctx.Err() != nil && status.Code(err) != codes.DeadlineExceeded {
			return 0, err // the run has ended
		}
		l.note(fmt.Sprintf("%s: %v: %s", kinds[kind].name, status.Code(err), status.Convert(err).Message()), time.Since(began))
		return 0, err
	}
	l.requested[kind].Add(1)
	return proto.Size(response), nil
}

// note keeps an error; the first of each kind is told at once.
func (l *lookups) note(what string, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed[what]++
	if l.failed[what] == 1 {
		logf("ERROR after %v: %s", after.Round(time.Millisecond), what)
	}
}

// errors returns what failed and how often.
func (l *lookups) errors() (map[string]int, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := 0
	for _, n := range l.failed {
		sum += n
	}
	return l.failed, sum
}

func (l *lookups) lookup(ctx context.Context, kind, i int) (proto.Message, error) {
	event := l.pool.pick(i)
	if event == nil {
		return nil, fmt.Errorf("%w: no event to ask for", errWrong)
	}
	service := l.testbed.client.Service()
	switch kind {
	case 0:
		response, err := l.testbed.client.GetEvent(ctx, request(event, i))
		return response, about(event, response, err)
	case 1:
		response, err := service.GetEvent(ctx, request(event, i))
		return response, about(event, response, err)
	case 2:
		r := &oddscachev1.BatchGetEventsRequest{MarketIds: []string{market}}
		for k := range 10 {
			r.Keys = append(r.Keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: l.pool.pick(i + k).GetSrId()}})
		}
		response, err := service.BatchGetEvents(ctx, r)
		for k, result := range response.GetResults() {
			if !result.GetFound() || result.GetEvent().GetSrId() != r.GetKeys()[k].GetSrId() {
				return nil, fmt.Errorf("%w: key %v has the result %v", errWrong, r.GetKeys()[k], result.GetEvent())
			}
		}
		return response, err
	case 3:
		response, err := service.ListEvents(ctx, &oddscachev1.ListEventsRequest{KickoffFrom: event.GetKickoff(), PageSize: 50, IncludeSnapshots: i%10 == 0})
		if err == nil && len(response.GetEvents()) == 0 {
			return nil, fmt.Errorf("%w: no event from the kickoff of %s on", errWrong, event.GetSrId())
		}
		return response, err
	default:
		for k := 1; len(event.GetCompetitorEvents()) == 0; k++ { // BetPawa's alone; few are
			event = l.pool.pick(i + k)
		}
		response, err := service.ResolveCompetitorEvents(ctx, &oddscachev1.ResolveCompetitorEventsRequest{CompetitorEvents: event.GetCompetitorEvents()})
		for k, result := range response.GetResults() {
			if !result.GetFound() || result.GetSrId() != event.GetSrId() {
				return nil, fmt.Errorf("%w: %v of %s is resolved to %v", errWrong, event.GetCompetitorEvents()[k], event.GetSrId(), result)
			}
		}
		return response, err
	}
}

// request asks for an event by one of its ids: one in four for everything, the others for one market.
func request(e *oddscachev1.Event, i int) *oddscachev1.GetEventRequest {
	r := &oddscachev1.GetEventRequest{}
	if i%4 != 0 {
		r.MarketIds = []string{market}
	}
	switch competitors := e.GetCompetitorEvents(); {
	case i%3 == 0 && e.GetBetpawaEventId() != "":
		r.Key = &oddscachev1.GetEventRequest_BetpawaEventId{BetpawaEventId: e.GetBetpawaEventId()}
	case i%3 == 1 && len(competitors) > 0:
		r.Key = &oddscachev1.GetEventRequest_CompetitorEvent{CompetitorEvent: competitors[i%len(competitors)]}
	default:
		r.Key = &oddscachev1.GetEventRequest_SrId{SrId: e.GetSrId()}
	}
	return r
}

// about requires that an answer is about the event asked for, with odds.
func about(e *oddscachev1.Event, response *oddscachev1.GetEventResponse, err error) error {
	if err != nil {
		return err
	}
	if response.GetEvent().GetSrId() != e.GetSrId() || len(response.GetSnapshots()) == 0 {
		return fmt.Errorf("%w: asked for %s, got %s with %d snapshots", errWrong, e.GetSrId(), response.GetEvent().GetSrId(), len(response.GetSnapshots()))
	}
	return nil
}
