package standalone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/services/scraper"
)

const (
	// exampleStays is how far away the kickoff of the example event is at least, so that the lines work for a while.
	exampleStays = time.Hour
	// exampleMarket is BetPawa's 1X2 full time, small enough to be read on a terminal.
	exampleMarket = "3743"
)

// errNoEvents says that the cache lists nothing at all.
var errNoEvents = errors.New("the cache lists no event")

// announce prints, once, lines to try: lookups of an event that the cache holds now. It then closes served.
func (s *session) announce(ctx context.Context, p *pair) {
	select {
	case <-s.app.served:
		return
	default:
	}
	event, err := exampleEvent(ctx, p.cache)
	if err != nil {
		s.log.Warn("no event to show as an example", "error", err)
		return
	}
	for _, line := range examples(grpcurl(), localhost(p.cacheAddr), localhost(p.scraperAddr), event) {
		s.display.Line(line)
	}
	s.display.Line(fmt.Sprintf("Cycles follow every %v. Ctrl-C ends everything.\n", s.cfg.interval()))
	s.app.cacheAddr = p.cacheAddr
	close(s.app.served)
}

// exampleEvent returns an event that has ids of as many kinds as possible.
func exampleEvent(ctx context.Context, cache oddscachev1.OddsCacheServiceClient) (*oddscachev1.Event, error) {
	later := timestamppb.New(time.Now().Add(exampleStays))
	for _, request := range []*oddscachev1.ListEventsRequest{
		{KickoffFrom: later, Bookmakers: scraper.Bookmakers(), PageSize: 1},
		{KickoffFrom: later, Bookmakers: []string{"betpawa"}, PageSize: 1},
		{PageSize: 1},
	} {
		response, err := cache.ListEvents(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("listing events: %w", err)
		}
		if events := response.GetEvents(); len(events) > 0 {
			return events[0].GetEvent(), nil
		}
	}
	return nil, errNoEvents
}

// examples are the lines to try, ready to be pasted into a shell.
func examples(grpcurl, cache, scraper string, event *oddscachev1.Event) []string {
	call := func(address, method, request string) string {
		return fmt.Sprintf("  %s -plaintext -d '%s' %s oddscache.v1.%s", grpcurl, request, address, method)
	}
	lines := []string{
		"",
		fmt.Sprintf("The cache serves on %s. Try, in another terminal (make grpcurl installs it), %s:",
			cache, event.GetName()),
		call(cache, "OddsCacheService/GetEvent",
			fmt.Sprintf(`{"sr_id": "%s", "market_ids": ["%s"]}`, event.GetSrId(), exampleMarket)),
	}
	if id := event.GetBetpawaEventId(); id != "" {
		lines = append(lines, call(cache, "OddsCacheService/GetEvent",
			fmt.Sprintf(`{"betpawa_event_id": "%s", "bookmakers": ["betpawa"]}`, id)))
	}
	for _, c := range event.GetCompetitorEvents() {
		lines = append(lines, call(cache, "OddsCacheService/GetEvent", fmt.Sprintf(
			`{"competitor_event": {"bookmaker": "%s", "competitor_event_id": "%s"}, "market_ids": ["%s"]}`,
			c.GetBookmaker(), c.GetCompetitorEventId(), exampleMarket)))
	}
	return append(lines,
		call(cache, "OddsCacheService/ListEvents", `{"page_size": 3}`),
		call(cache, "OddsCacheService/GetStats", `{}`),
		call(scraper, "ScraperService/RunCycle", `{"wait": true}`),
		fmt.Sprintf("  %s -plaintext %s describe oddscache.v1.OddsCacheService", grpcurl, cache),
	)
}

// localhost writes an address on this machine the way people do.
func localhost(address string) string {
	host, port, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	if err != nil || (host != "" && !ip.IsLoopback() && !ip.IsUnspecified()) {
		return address
	}
	return net.JoinHostPort("localhost", port)
}

// grpcurl is how grpcurl is called: by its name where it is installed, else where make puts it.
func grpcurl() string {
	const fromMake = ".tools/bin/grpcurl"
	if _, err := os.Stat(fromMake); err == nil {
		return fromMake
	}
	if _, err := exec.LookPath("grpcurl"); err == nil {
		return "grpcurl"
	}
	return fromMake
}
