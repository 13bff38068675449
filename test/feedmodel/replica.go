package feedmodel

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/cache/cachetest"
	"github.com/oddscache/oddscache/test/feedmodel/history"
)

// replica is a machine that runs a cache.
type replica struct {
	w       *world
	id      string
	process int // counts its starts

	clientMu sync.Mutex // the watcher asks it as well
	client   oddscachev1.OddsCacheServiceClient

	stop context.CancelFunc
	done chan error
	conn *grpc.ClientConn
	seen *observed // by the running process
}

// observed is what a process was told by its feed.
type observed struct {
	mu    sync.Mutex
	wrong []string // what must not happen
	gaps  int
	full  int
	again int // resumes
}

func (o *observed) note(do func()) { o.mu.Lock(); defer o.mu.Unlock(); do() }

// Started counts streams.
func (o *observed) Started(mode, _ string) {
	o.note(func() {
		if mode == "full" {
			o.full++
		} else {
			o.again++
		}
	})
}

// Gap notes a gap.
func (o *observed) Gap() { o.note(func() { o.gaps++ }) }

// Mismatch notes a digest that was not the source's.
func (o *observed) Mismatch() { o.note(func() { o.wrong = append(o.wrong, "digest mismatch") }) }

// Disconnected notes reasons that no fault of a history explains.
func (o *observed) Disconnected(reason string) {
	if slices.Contains([]string{"BAD_ENTRY", "PROTOCOL", "BAD_SUBSCRIBE", "Internal", "INTERNAL", "ResourceExhausted"}, reason) {
		o.note(func() { o.wrong = append(o.wrong, "disconnected: "+reason) })
	}
}

func (r *replica) start() error {
	r.process++
	r.seen = &observed{}
	c, err := cachetest.New(cachetest.Config{
		ID: r.id, Feed: r.w.feed, Listener: r.w.net.listen(r.id), Observer: r.seen, Logger: slog.New(slog.DiscardHandler),
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(r.w.net.dialer(r.id))},
	})
	if err != nil {
		return fmt.Errorf("starting %s: %w", r.id, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop, r.done = stop, make(chan error, 1)
	go func() { r.done <- c.Run(ctx) }() // ends by kill
	r.conn, err = grpc.NewClient("passthrough:///"+r.id, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(r.w.net.dialer("client")))
	if err != nil {
		return fmt.Errorf("dialling %s: %w", r.id, err)
	}
	r.clientMu.Lock()
	defer r.clientMu.Unlock()
	r.client = oddscachev1.NewOddsCacheServiceClient(r.conn)
	return nil
}

// kill ends the process; its wires break first.
func (r *replica) kill() error {
	if r.conn == nil {
		return nil
	}
	r.w.net.sever(func(w *wire) bool { return w.from == r.id })
	r.w.net.unplug(r.id)
	err := r.conn.Close()
	r.stop()
	if ended := <-r.done; err == nil {
		err = ended
	}
	r.conn = nil
	return err
}

// wires are the replica's to the scrapers.
func (r *replica) wires(do func(*wire)) {
	r.w.net.each(func(w *wire) bool { return w.from == r.id }, do)
}

// allKeys asks for every event and id that histories know.
var allKeys = func() []*oddscachev1.EventKey {
	var keys []*oddscachev1.EventKey
	for _, srID := range allSrIDs {
		keys = append(keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_SrId{SrId: srID}})
	}
	for _, id := range allIDs {
		if id.Bookmaker == betpawa {
			keys = append(keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_BetpawaEventId{BetpawaEventId: id.ID}})
			continue
		}
		keys = append(keys, &oddscachev1.EventKey{Key: &oddscachev1.EventKey_CompetitorEvent{
			CompetitorEvent: &oddscachev1.CompetitorEvent{Bookmaker: id.Bookmaker, CompetitorEventId: id.ID},
		}})
	}
	return keys
}()

// sample asks for everything under every key, and records the answer; nil while the cache warms up.
func (r *replica) sample() *oddscachev1.BatchGetEventsResponse {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	response, err := r.client.BatchGetEvents(ctx, &oddscachev1.BatchGetEventsRequest{Keys: allKeys})
	if err != nil {
		return nil
	}
	s := history.Sample{Replica: r.id, Process: r.process, At: time.Now(), Freshness: response.GetFreshness()}
	t := r.w.taps[r.id]
	t.mu.Lock()
	s.Transit = t.transit
	t.mu.Unlock()
	for _, result := range response.GetResults() {
		if result.GetFound() {
			s.Events = append(s.Events, &oddscachev1.EventSnapshots{Event: result.GetEvent(), Snapshots: result.GetSnapshots()})
		}
	}
	r.w.samples = append(r.w.samples, s)
	if err := r.w.was(response); err != nil && r.w.untrue == nil {
		r.w.untrue = fmt.Errorf("%s: %w", r.id, err)
	}
	return response
}
