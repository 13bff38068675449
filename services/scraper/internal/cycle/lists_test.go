package cycle

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

// listSite answers as the three bookmakers do over HTTP: two tournaments of so many events each, with the sites' own
// counts of them.
type listSite struct {
	events  map[odds.Bookmaker]int // in each tournament
	kickoff time.Time
	most    int         // events on one of BetPawa's pages, whatever is requested
	hidden  atomic.Bool // four in ten events are left out of the lists
	gone    atomic.Bool // the second tournament is left out of the trees
}

// The ids: 1001… of BetPawa's first tournament, 2001… of its second; SportRadar's are the same with 61 before them.
func listID(tournament, i int) int { return 1000*tournament + 1 + i }

func (s *listSite) tournaments() []int {
	if s.gone.Load() {
		return []int{1}
	}
	return []int{1, 2}
}

// listed writes what a tournament's list answers.
func (s *listSite) listed(b odds.Bookmaker, tournament, skip, take int, write func(id int) string) string {
	var shown []string
	for i := range s.events[b] {
		if !s.hidden.Load() || i%10 < 6 {
			shown = append(shown, write(listID(tournament, i)))
		}
	}
	from := min(skip, len(shown))
	return strings.Join(shown[from:min(from+take, len(shown))], ",")
}

func (s *listSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var body string
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/categories/list/2"):
		body = s.pawaTree()
	case strings.HasSuffix(path, "/by-queries"):
		body = s.pawaList(q.Get("q"))
	case strings.Contains(path, "/v4/events/"):
		body = s.pawaEvent(path[strings.LastIndex(path, "/")+1:])
	case strings.HasSuffix(path, "/popularAndSportList"):
		body = s.sportyTree()
	case strings.HasSuffix(path, "/pcEvents"):
		var request []struct {
			TournamentID [][]string `json:"tournamentId"`
		}
		_ = json.NewDecoder(r.Body).Decode(&request)
		body = s.sportyList(request[0].TournamentID[0][0])
	case strings.HasSuffix(path, "/factsCenter/event"):
		id := strings.TrimPrefix(q.Get("eventId"), "sr:match:61")
		body = `{"bizCode":10000,"data":` + s.sportyEvent(id, `,"sport":{"id":"sr:sport:1"},"markets":[{"id":"1","status":0,"outcomes":[
			{"id":"1","odds":"2.10","isActive":1,"desc":"Home"},{"id":"2","odds":"3.30","isActive":1,"desc":"Draw"},
			{"id":"3","odds":"3.40","isActive":1,"desc":"Away"}]}]`) + `}`
	case strings.HasSuffix(path, "/GetSports"):
		body = s.nineTree()
	case strings.HasSuffix(path, "/GetEventsInGroupV2"):
		body = s.nineList(q.Get("GROUPID"))
	case strings.HasSuffix(path, "/GetEvent"):
		body = `{"R":"D","D":` + s.nineEvent(q.Get("EVENTID"), `,"O":{"S_1X2_1":"2.1","S_1X2_X":"3.3","S_1X2_2":"3.4"},
			"MK":[{"ID":"S_1X2","DS":"1X2","SGN":["1","X","2"],"SGNK":["1","X","2"]}]`) + `}`
	}
	_, _ = w.Write([]byte(body))
}

func (s *listSite) pawaTree() string {
	var all []string
	for _, t := range s.tournaments() {
		all = append(all, fmt.Sprintf(`{"competition":{"id":"%d","name":"Cup %d"},"eventCounts":{"upcoming":%d}}`, t, t, s.events[odds.BetPawa]))
	}
	return `{"withRegions":[{"category":{"id":"2"},"regions":[{"region":{"id":"1","name":"Spain"},"competitions":[` + strings.Join(all, ",") + `]}]}]}`
}

func (s *listSite) pawaList(q string) string {
	var request struct {
		Queries []struct {
			Query struct {
				Zones struct {
					Competitions []string `json:"competitions"`
				} `json:"zones"`
			} `json:"query"`
			Skip int `json:"skip"`
			Take int `json:"take"`
		} `json:"queries"`
	}
	_ = json.Unmarshal([]byte(q), &request)
	one := request.Queries[0]
	tournament := int(one.Query.Zones.Competitions[0][0] - '0')
	list := s.listed(odds.BetPawa, tournament, one.Skip, min(one.Take, s.most), func(id int) string {
		return s.pawaEventOf(fmt.Sprint(id), "")
	})
	if list == "" {
		return `{"responses":[{}]}`
	}
	return `{"responses":[{"responses":[` + list + `]}]}`
}

func (s *listSite) pawaEvent(id string) string {
	return s.pawaEventOf(id, `,"totalMarketCount":"1","markets":[{"marketType":{"id":"3743","name":"1X2 - FT","displayName":"1X2 - FT","tabs":["all"]},
		"row":[{"prices":[{"name":"1","typeId":"3744","odds":2.1},{"name":"X","typeId":"3745","odds":3.3},{"name":"2","typeId":"3746","odds":3.4}]}]}]`)
}

func (s *listSite) pawaEventOf(id, more string) string {
	return fmt.Sprintf(`{"id":"%s","name":"Home %s - Away %s","startTime":%q,"category":{"id":"2","name":"Football"},
		"widgets":[{"id":"61%s","type":"SPORTRADAR"}],"participants":[{"name":"Home %s","position":1},{"name":"Away %s","position":2}]%s}`,
		id, id, id, s.kickoff.Format(time.RFC3339), id, id, id, more)
}

func (s *listSite) sportyTree() string {
	var all []string
	for _, t := range s.tournaments() {
		all = append(all, fmt.Sprintf(`{"id":"sr:tournament:%d","name":"Cup %d","eventSize":%d}`, t, t, s.events[odds.SportyBet]))
	}
	return fmt.Sprintf(`{"bizCode":10000,"data":{"sportList":[{"id":"sr:sport:1","eventSize":%d,"categories":[{"id":"sr:category:32","name":"Spain",
		"tournaments":[%s]}]}]}}`, 2*s.events[odds.SportyBet], strings.Join(all, ","))
}

func (s *listSite) sportyList(tournament string) string {
	t := int(tournament[len(tournament)-1] - '0')
	return `{"bizCode":10000,"data":[{"events":[` + s.listed(odds.SportyBet, t, 0, 1000, func(id int) string {
		return s.sportyEvent(fmt.Sprint(id), "")
	}) + `]}]}`
}

func (s *listSite) sportyEvent(id, more string) string {
	return fmt.Sprintf(`{"eventId":"sr:match:61%s","estimateStartTime":%d,"homeTeamName":"Home %s","awayTeamName":"Away %s"%s}`,
		id, s.kickoff.UnixMilli(), id, id, more)
}

func (s *listSite) nineTree() string {
	var all []string
	for _, t := range s.tournaments() {
		all = append(all, fmt.Sprintf(`"%d":{"G_DESC":"Cup %d","NUM":%d}`, t, t, s.events[odds.Bet9ja]))
	}
	return fmt.Sprintf(`{"R":"OK","D":{"PAL":{"1":{"S_DESC":"Soccer","NUM":%d,"SG":{"5":{"SG_DESC":"Spain","G":{%s}}}}}}}`,
		2*s.events[odds.Bet9ja], strings.Join(all, ","))
}

func (s *listSite) nineList(group string) string {
	return `{"R":"OK","D":{"E":[` + s.listed(odds.Bet9ja, int(group[0]-'0'), 0, 1000, func(id int) string {
		return s.nineEvent(fmt.Sprint(id), "")
	}) + `]}}`
}

func (s *listSite) nineEvent(id, more string) string {
	return fmt.Sprintf(`{"ID":%s,"EXTID":"61%s","DS":"Home %s - Away %s","STARTDATE":%q,"SID":1,"S":"Soccer"%s}`,
		id, id, id, id, s.kickoff.Format("2006-01-02 15:04:05"), more)
}

// newListTestbed is a testbed whose clients are the real ones.
func newListTestbed(t *testing.T, s *listSite) *testbed {
	t.Helper()
	b := newTestbed(t)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	slots := make(map[odds.Bookmaker]limit.Config)
	for _, name := range registry.Names() {
		slots[name] = limit.Config{Slots: 8}
	}
	group, err := limit.NewGroup(slots)
	if err != nil {
		t.Fatal(err)
	}
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	var clients []bookmaker.Client
	for _, name := range []odds.Bookmaker{odds.BetPawa, odds.SportyBet, odds.Bet9ja} { // those that listSite can be
		row, _ := registry.Lookup(name)
		c, err := row.NewClient(table, client.Config{URL: server.URL}, group.Limiter(name), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		clients = append(clients, c)
	}
	b.Engine = New(b.cfg, clients, group, 8,
		func(context.Context, int64) bool { return false }, slog.New(slog.NewTextHandler(t.Output(), nil)))
	b.beginTerm(b.store)
	return b
}

// offered counts the snapshots with a market that is offered.
func (b *testbed) offered(name odds.Bookmaker) (n int) {
	for _, e := range b.store.Events() {
		if c, ok := b.store.Committed(name, e.IDs()[name]); ok && c.Available > 0 {
			n++
		}
	}
	return n
}

// A list that is shorter than the site says, for however many cycles, withdraws nothing and is said in the cycle's end;
// so is one that a site caps read to its end.
func TestShortListsOverHTTP(t *testing.T) {
	t.Parallel()
	events := map[odds.Bookmaker]int{odds.BetPawa: 60, odds.SportyBet: 10, odds.Bet9ja: 10}
	s := &listSite{events: events, kickoff: time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second), most: 50}
	b := newListTestbed(t, s)
	run := func(step string, status store.CycleStatus, short int) {
		t.Helper()
		c := b.cycle(t)
		if c.Status != status {
			t.Errorf("%s: %s (%s), want %s", step, c.Status, c.Reason, status)
		}
		for name, n := range events {
			p := part(t, c, name)
			if p.Rejections[odds.ShortList] != short || p.Withdrawn != 0 || b.offered(name) != 2*n {
				t.Errorf("%s: %s: refusals %v, %d withdrawn, %d of %d events offered",
					step, name, p.Rejections, p.Withdrawn, b.offered(name), 2*n)
			}
			if reason := string(name) + ": 2 of 2 tournaments list fewer events"; short > 0 && !strings.Contains(c.Reason, reason) {
				t.Errorf("%s: the reason is %q", step, c.Reason)
			}
		}
	}
	run("all, fifty on a page", store.Succeeded, 0)
	s.hidden.Store(true)
	for range 3 {
		run("six of ten", store.Partial, 2)
	}
	s.hidden.Store(false)
	run("all again", store.Succeeded, 0)
	s.gone.Store(true)
	for range 3 {
		c := b.cycle(t)
		if c.Status != store.Partial {
			t.Errorf("a tournament gone: %s", c.Status)
		}
		for name, n := range events {
			if p := part(t, c, name); p.Rejections[odds.ShortList] != 1 || p.Withdrawn != 0 || b.offered(name) != 2*n {
				t.Errorf("a tournament gone: %s: refusals %v, %d withdrawn, %d of %d events offered", name, p.Rejections, p.Withdrawn, b.offered(name), 2*n)
			}
		}
	}
	s.gone.Store(false)
	run("it is back", store.Succeeded, 0)
}
