package client_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// ids are the SportRadar ids that a discovery knows, by event.
func ids(t *testing.T, c *client.Client) map[string]string {
	t.Helper()
	found, err := c.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]string)
	for _, l := range found.Listings {
		known[l.EventID] = l.SrID
	}
	return known
}

// A listing without a SportRadar id gets the one that a detail had before, also one that was refused.
func TestKnownIDs(t *testing.T) {
	t.Parallel()
	s := &site{t: t, events: map[string]int{"8": 3}}
	c := newClient(t, s)
	rejected := func(srID, about string, reason odds.Reason, eventIDs ...string) {
		t.Helper()
		s.srID, s.about, s.err = srID, about, odds.Reject(reason, "for the test")
		for _, id := range eventIDs {
			if _, err := c.Fetch(t.Context(), bookmaker.Target{EventID: id}); err == nil {
				t.Fatal("the refusal was lost")
			}
		}
	}
	if diff := cmp.Diff(map[string]string{"80000": "", "80001": "", "80002": ""}, ids(t, c)); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	s.srID = "777"
	d, err := c.Fetch(t.Context(), bookmaker.Target{EventID: "80001"})
	if err != nil || d.Snapshot.CapturedAt.Before(d.Snapshot.RequestedAt) || d.Snapshot.RequestedAt.IsZero() || d.Snapshot.Request == 0 {
		t.Fatalf("snapshot %+v, %v", d.Snapshot, err)
	}
	rejected("778", "", odds.NoMarkets, "80002")
	if diff := cmp.Diff(map[string]string{"80000": "", "80001": "777", "80002": "778"}, ids(t, c)); diff != "" {
		t.Errorf("after two details (-want +got):\n%s", diff)
	}
	rejected("779", "99", odds.WrongEvent, "80000", "80001")
	if diff := cmp.Diff(map[string]string{"80000": "", "80001": "777", "80002": "778"}, ids(t, c)); diff != "" {
		t.Errorf("after answers about another event (-want +got):\n%s", diff)
	}
	s.events["8"] = 2
	ids(t, c)
	s.events["8"] = 3
	if got := ids(t, c)["80002"]; got != "" {
		t.Errorf("an event that was gone is still known as %q", got)
	}
}

// An event whose detail has no SportRadar id either is counted, and read again only when its list has changed.
func TestEventsWithoutSrID(t *testing.T) {
	t.Parallel()
	s := &site{t: t, events: map[string]int{"8": 2}, err: odds.Reject(odds.NoSrID, "another provider's alone")}
	c := newClient(t, s)
	discover := func() (listed, rejected int) {
		t.Helper()
		found, err := c.Discover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range found.Listings {
			if l.SrID == "" { // as the cycle does
				listed++
				if _, err := c.Fetch(t.Context(), bookmaker.Target{EventID: l.EventID}); err == nil {
					t.Fatal("the refusal was lost")
				}
			}
		}
		return listed, found.Rejections[odds.NoSrID]
	}
	if listed, rejected := discover(); listed != 2 || rejected != 0 {
		t.Errorf("at first: %d to read, %d refused", listed, rejected)
	}
	for range 3 { // nothing else is listed, and yet the list was read
		if listed, rejected := discover(); listed != 0 || rejected != 2 {
			t.Errorf("later: %d to read, %d refused", listed, rejected)
		}
	}
	s.hint = "another provider's id"
	if listed, rejected := discover(); listed != 2 || rejected != 0 {
		t.Errorf("with another hint: %d to read, %d refused", listed, rejected)
	}
	s.events["9"] = 1 // beside what is known to have none
	s.err = nil
	for range 3 {
		found, err := c.Discover(t.Context())
		if err != nil || len(found.Listings) != 1 || found.Rejections[odds.NoSrID] != 2 {
			t.Errorf("later: %d listed, refusals %v, %v", len(found.Listings), found.Rejections, err)
		}
	}
	s.name = "Another - Name"
	if found, err := c.Discover(t.Context()); err != nil || len(found.Listings) != 3 {
		t.Errorf("with another name: %d listed, %v", len(found.Listings), err)
	}
}
