package oddsclient_test

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/oddsclient"
	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// cache starts a cache for an example.
func cache() (target string, stop func()) {
	r := &replica{name: "Arsenal - Chelsea"}
	end, err := r.serve()
	if err != nil {
		panic(err)
	}
	return r.addr, func() { _ = end() } // an example shows no errors of its server
}

// A client is made once and shared by all goroutines of a program.
func ExampleNew() {
	client, err := oddsclient.New("cache-1:7400,cache-2:7400", oddsclient.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	fmt.Println("nobody is dialled before the first lookup")
	// Output: nobody is dialled before the first lookup
}

// One market of one event, at two bookmakers.
func ExampleClient_GetEvent() {
	target, stop := cache()
	defer stop()
	client, err := oddsclient.New(target, oddsclient.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	e, err := client.GetEvent(ctx, &oddscachev1.GetEventRequest{
		Key:        &oddscachev1.GetEventRequest_SrId{SrId: "68995116"},
		Bookmakers: []string{"betpawa", "sportybet"},
		MarketIds:  []string{"3743"}, // 1X2
	})
	switch {
	case status.Code(err) == codes.NotFound:
		fmt.Println("no such event:", rpcerr.Reason(err))
	case err != nil:
		fmt.Println(err)
	default:
		for _, s := range e.GetSnapshots() {
			fmt.Println(s.GetBookmaker(), "offers", len(s.GetMarkets()), "market of", e.GetEvent().GetName())
		}
	}
	// Output: betpawa offers 1 market of Arsenal - Chelsea
}

// What was written a moment ago is read back through any replica: min_revision waits until the cache has it.
func ExampleClient_GetEvent_readYourWrites() {
	target, stop := cache()
	defer stop()
	client, err := oddsclient.New(target, oddsclient.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	refreshed := &oddscachev1.RefreshEventResponse{Revision: 4711} // the scraper's response to RefreshEvent
	e, err := client.GetEvent(ctx, &oddscachev1.GetEventRequest{
		Key:         &oddscachev1.GetEventRequest_BetpawaEventId{BetpawaEventId: "32299257"},
		MinRevision: refreshed.GetRevision(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.GetFreshness().GetRevision() >= refreshed.GetRevision())
	// Output: true
}

// Everything but single lookups goes through the generated client.
func ExampleClient_Service() {
	target, stop := cache()
	defer stop()
	client, err := oddsclient.New(target, oddsclient.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	stats, err := client.Service().GetStats(context.Background(), &oddscachev1.GetStatsRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stats.GetTotalEvents())
	// Output: 1
}
