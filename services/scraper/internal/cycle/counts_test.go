package cycle

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// TestCountsAddUp runs cycles over whatever sites may answer, on one database, so that each cycle finds what the ones
// before left. In every cycle and for every bookmaker asked = fetched + blocked + failed + details refused, and
// fetched = changed + confirmed + snapshots refused; and every refused snapshot has its reason.
func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	b := newTestbed(t)
	sites := []*site{b.betpawa, b.sportybet, b.bet9ja}
	seen := make(map[odds.Reason]bool)
	var total store.BookmakerResult
	rapid.Check(t, func(t *rapid.T) {
		for _, s := range sites {
			clear(s.events)
			for i := range 6 {
				if rapid.Bool().Draw(t, "listed") {
					drawMatch(t, s, strconv.Itoa(100+i))
				}
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "database") == 0 {
			b.rejectOnce(t)
		}
		c := b.cycle(t)
		for _, r := range c.Bookmakers {
			if r.Requested != r.Fetched+r.Blocked+r.Failed+r.DetailsRejected {
				t.Fatalf("asked is not the sum of its outcomes: %+v", r)
			}
			if r.Fetched != r.Changed+r.Confirmed+r.SnapshotsRejected {
				t.Fatalf("fetched is not the sum of what became of it: %+v", r)
			}
			if r.DetailsRejected+r.SnapshotsRejected != int64(r.Lost.Total()-r.Lost[odds.NoPrices]) {
				t.Fatalf("%d details and %d snapshots refused, for the reasons %v", r.DetailsRejected, r.SnapshotsRejected, r.Lost)
			}
			for reason := range r.Lost {
				seen[reason] = true
			}
			total.Changed, total.Confirmed = total.Changed+r.Changed, total.Confirmed+r.Confirmed
			total.Blocked, total.Failed = total.Blocked+r.Blocked, total.Failed+r.Failed
		}
	})
	if testing.Short() {
		return // a fifth of the draws, which may leave a kind out
	}
	// A test that draws nothing of a kind proves nothing about it.
	for _, reason := range []odds.Reason{odds.SidesSwapped, odds.NoMarkets, odds.WrongEvent, odds.StaleCapture, odds.Unlisted} {
		if !seen[reason] {
			t.Errorf("nothing was refused as %s; only %v", reason, seen)
		}
	}
	if total.Changed == 0 || total.Confirmed == 0 || total.Blocked == 0 || total.Failed == 0 {
		t.Errorf("never seen: %+v", total)
	}
}

// rejectOnce makes the database reject the next batch that stores a snapshot, so that it is tried again.
func (b *testbed) rejectOnce(t *rapid.T) {
	t.Helper()
	_, err := b.pool.Exec(context.Background(), `
		CREATE SEQUENCE IF NOT EXISTS refusals;
		CREATE OR REPLACE FUNCTION reject_once() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF nextval('refusals') = 1 THEN -- a sequence does not roll back
				RAISE EXCEPTION 'not this time';
			END IF;
			RETURN NULL;
		END $$;
		CREATE OR REPLACE TRIGGER reject_once AFTER INSERT OR UPDATE ON snapshots EXECUTE FUNCTION reject_once();
		SELECT setval('refusals', 1, false);`)
	if err != nil {
		t.Fatal(err)
	}
}

// drawMatch offers an event in one of the ways in which answers go well or wrong.
func drawMatch(t *rapid.T, s *site, srID string) {
	prices := rapid.SampledFrom([]odds.Market{result3(1.5, 4, 6.5), result3(1.55, 4, 6), result3(1.5, 4.2, 6.5)})
	m := s.add(srID, "Lions", "Tigers", time.Now().Add(3*time.Hour), prices.Draw(t, "prices"))
	switch rapid.IntRange(0, 9).Draw(t, "outcome") {
	case 0:
		m.err = errors.New("no answer")
	case 1:
		m.err = &bookmaker.Throttled{How: bookmaker.Forbidden, Status: 403}
	case 2:
		m.err = odds.Reject(odds.NoMarkets, "nothing could be mapped")
	case 3: // home and away the other way round
		m.HomeTeam, m.AwayTeam, m.markets = "Tigers", "Lions", []odds.Market{result3(6.5, 4, 1.5)}
	case 4: // the store rejects the event, and with it a snapshot that nothing lists yet
		m.Country = "\x00"
	case 5: // an id that another event lists
		m.EventID = string(s.name[0]) + "100"
	case 6: // the snapshot turns out to be about another event
		m.about = "999"
	case 7: // a market the store does not take
		broken := result3(2, 3, 4)
		broken.Outcomes[1].Name = ""
		m.markets = append(m.markets, broken)
	}
}
