package betpawa_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// A list entry without a widget gets the id that a detail told before, also one that was refused.
func TestKnownIDs(t *testing.T) {
	t.Parallel()
	site := &clientSite{t: t, events: map[string]int{"8": 3}}
	decoder := &clientDecoder{sr: "777"}
	client, _ := newClient(t, site, clientNow, decoder)
	ids := func() map[string]string {
		t.Helper()
		found, err := client.Discover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		known := make(map[string]string)
		for _, l := range found.Listings {
			known[l.EventID] = l.SrID
		}
		return known
	}
	if diff := gocmp.Diff(map[string]string{"80000": "", "80001": "", "80002": ""}, ids()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "80001"}); err != nil {
		t.Fatal(err)
	}
	decoder.sr, decoder.err = "778", odds.Refuse(odds.NoMarkets, "none")
	if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: "80002"}); err == nil {
		t.Fatal("the refusal was lost")
	}
	if diff := gocmp.Diff(map[string]string{"80000": "", "80001": "777", "80002": "778"}, ids()); diff != "" {
		t.Errorf("after two details (-want +got):\n%s", diff)
	}
	decoder.of, decoder.sr, decoder.err = "99", "779", odds.Refuse(odds.WrongEvent, "99")
	for _, id := range []string{"80000", "80001"} {
		if _, err := client.Fetch(t.Context(), bookmaker.Target{EventID: id}); err == nil {
			t.Fatal("the refusal was lost")
		}
	}
	if diff := gocmp.Diff(map[string]string{"80000": "", "80001": "777", "80002": "778"}, ids()); diff != "" {
		t.Errorf("after answers about another event (-want +got):\n%s", diff)
	}
	site.events["8"] = 2
	ids()
	site.events["8"] = 3
	if got := ids()["80002"]; got != "" {
		t.Errorf("an event that was gone is still known as %q", got)
	}
}
