package sportybet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/discovery"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func listNow() time.Time { return time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC) }

func listCup() bookmaker.Tournament {
	return bookmaker.Tournament{ID: "sr:tournament:17", Name: "Cup", Country: "Spain"}
}

func listCheckErr(t *testing.T, err, want error, reason odds.Reason) {
	t.Helper()
	var rejected *odds.Rejected
	switch {
	case want != nil && !errors.Is(err, want):
		t.Errorf("error %v, want %v", err, want)
	case reason != "" && (!errors.As(err, &rejected) || rejected.Reason != reason):
		t.Errorf("error %v, want %s", err, reason)
	case want == nil && reason == "" && err != nil:
		t.Errorf("error %v", err)
	}
}

func listOK(data string) string { return `{"bizCode":10000,"message":"0#0","data":` + data + `}` }

func TestDecodeTournaments(t *testing.T) {
	t.Parallel()
	const spain = `{"id":"sr:category:32","name":"Spain","tournaments":[
		{"id":"sr:tournament:8","name":"LaLiga"},{"id":"sr:tournament:17","name":"Cup"}]}`
	const italy = `{"id":"sr:category:31","name":"Italy","tournaments":[{"id":"sr:tournament:23","name":"Serie A"}]}`
	sport := func(id string, categories ...string) string {
		return `{"id":"` + id + `","name":"S","eventSize":9,"categories":[` + strings.Join(categories, ",") + `]}`
	}
	list := func(sports ...string) string { return listOK(`{"sportList":[` + strings.Join(sports, ",") + `]}`) }
	for name, tc := range map[string]struct {
		body   string
		want   []string
		err    error
		reason odds.Reason
	}{
		"football among others": {
			body: list(sport("sr:sport:2", italy), sport("sr:sport:1", spain), `7`),
			want: []string{"sr:tournament:8 LaLiga Spain", "sr:tournament:17 Cup Spain"},
		},
		"twice the same":     {body: list(sport("sr:sport:1", italy, italy)), want: []string{"sr:tournament:23 Serie A Italy"}},
		"code as text":       {body: strings.Replace(list(sport("sr:sport:1", italy)), "10000", `"10000"`, 1), want: []string{"sr:tournament:23 Serie A Italy"}},
		"broken category":    {body: list(sport("sr:sport:1", `{"name":1}`, italy)), want: []string{"!  ", "sr:tournament:23 Serie A Italy"}},
		"broken tournament":  {body: list(sport("sr:sport:1", `{"name":"X","tournaments":[1,{"name":"Y"}]}`)), want: []string{"!  X", "! Y X"}},
		"proven to be empty": {body: list(`{"id":"sr:sport:1","eventSize":0,"categories":[]}`)},
		"empty, yet counted": {body: list(sport("sr:sport:1")), err: errNoFootball},
		"no categories":      {body: list(`{"id":"sr:sport:1","eventSize":0}`), err: errNoFootball},
		"no football":        {body: list(sport("sr:sport:2", italy)), err: errNoFootball},
		"no sports":          {body: list(), err: errNoFootball},
		"another shape":      {body: listOK(`{"sports":[]}`), err: errNoFootball},
		"data null":          {body: listOK(`null`), err: errNoFootball},
		"no data":            {body: `{"bizCode":10000}`, reason: odds.NotJSON},
		"another code":       {body: `{"bizCode":19000,"message":"invalid"}`, reason: odds.NotOffered},
		"no code":            {body: `{"data":{}}`, reason: odds.NotJSON},
		"wrong type":         {body: listOK(`[]`), reason: odds.NotJSON},
		"cut off":            {body: list(sport("sr:sport:1", spain))[:90], reason: odds.NotJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, _, err := decodeTournaments([]byte(tc.body))
			var got []string
			for _, c := range found {
				id := c.ID
				if c.Err != nil {
					id = "!" + id
				}
				got = append(got, id+" "+c.Name+" "+c.Country)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("tournaments (-want +got):\n%s", diff)
			}
			listCheckErr(t, err, tc.err, tc.reason)
		})
	}
}

// listEventJSON is an event of the list, with one field replaced; a value of "" leaves it out.
func listEventJSON(name, value string) string {
	var parts []string
	for _, f := range [][2]string{
		{"eventId", `"sr:match:68995116"`},
		{"estimateStartTime", `1778065200000`},
		{"homeTeamName", `"Home FC"`},
		{"awayTeamName", `"Away FC"`},
		{"sport", `{"id":"sr:sport:1"}`},
		{"markets", `[{"id":"1","outcomes":[]}]`},
	} {
		if f[0] == name {
			f[1] = value
		}
		if f[1] != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", f[0], f[1]))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestDecodeListing(t *testing.T) {
	t.Parallel()
	const id = "sr:match:68995116"
	whole := odds.Listing{
		Bookmaker: odds.SportyBet, EventID: id, SrID: "68995116", Kickoff: time.Date(2026, 5, 6, 11, 0, 0, 0, time.UTC),
		Name: "Home FC - Away FC", HomeTeam: "Home FC", AwayTeam: "Away FC", Sport: "football",
		Country: "Spain", Tournament: "Cup", TournamentID: "sr:tournament:17",
	}
	for name, tc := range map[string]struct {
		raw    string
		reason odds.Reason
		id     string
		change func(*odds.Listing)
	}{
		"whole":              {raw: listEventJSON("", "")},
		"kickoff as text":    {raw: listEventJSON("estimateStartTime", `"1778065200000"`)},
		"no sport":           {raw: listEventJSON("sport", "")},
		"no home team":       {raw: listEventJSON("homeTeamName", ""), change: func(l *odds.Listing) { l.HomeTeam, l.Name = "", "" }},
		"no id":              {raw: listEventJSON("eventId", ""), reason: odds.NoEventID},
		"numeric id":         {raw: listEventJSON("eventId", "68995116"), reason: odds.NotJSON},
		"an outright":        {raw: listEventJSON("eventId", `"sr:season:1234"`), reason: odds.NoSrID, id: "sr:season:1234"},
		"bare id":            {raw: listEventJSON("eventId", `"68995116"`), reason: odds.NoSrID, id: "68995116"},
		"id of letters":      {raw: listEventJSON("eventId", `"sr:match:x"`), reason: odds.NoSrID, id: "sr:match:x"},
		"no kickoff":         {raw: listEventJSON("estimateStartTime", ""), reason: odds.BadKickoff, id: id},
		"null kickoff":       {raw: listEventJSON("estimateStartTime", "null"), reason: odds.BadKickoff, id: id},
		"zero kickoff":       {raw: listEventJSON("estimateStartTime", "0"), reason: odds.BadKickoff, id: id},
		"seconds":            {raw: listEventJSON("estimateStartTime", "1778065200"), reason: odds.BadKickoff, id: id},
		"absurd kickoff":     {raw: listEventJSON("estimateStartTime", "9223372036854775807"), reason: odds.BadKickoff, id: id},
		"kickoff in words":   {raw: listEventJSON("estimateStartTime", `"soon"`), reason: odds.BadKickoff, id: id},
		"fraction":           {raw: listEventJSON("estimateStartTime", "1.5"), reason: odds.NotJSON, id: id},
		"basketball":         {raw: listEventJSON("sport", `{"id":"sr:sport:2"}`), reason: odds.WrongSport, id: id},
		"team of wrong type": {raw: listEventJSON("homeTeamName", "[]"), reason: odds.NotJSON, id: id},
		"not an object":      {raw: `[]`, reason: odds.NotJSON},
		"null":               {raw: `null`, reason: odds.NoEventID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, reason := decodeListing([]byte(tc.raw), listCup(), listNow())
			if reason != tc.reason {
				t.Fatalf("reason %q, want %q", reason, tc.reason)
			}
			if tc.reason != "" {
				if got.EventID != tc.id {
					t.Errorf("refused id %q, want %q", got.EventID, tc.id)
				}
				return
			}
			want := whole
			if tc.change != nil {
				tc.change(&want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeEvents(t *testing.T) {
	t.Parallel()
	other := func(id, event string) string { return strings.Replace(event, "sr:match:68995116", id, 1) }
	begun := other("sr:match:1", listEventJSON("estimateStartTime", "1778061600000"))
	page := listOK(`[{"events":[` + strings.Join([]string{
		listEventJSON("", ""), other("sr:match:2", listEventJSON("estimateStartTime", "")), begun, `"x"`,
	}, ",") + `]},{"events":[` + listEventJSON("eventId", `"sr:match:3"`) + `]}]`)
	p, err := pageOf([]byte(page), listCup(), listNow())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range p.Listings {
		ids = append(ids, l.EventID)
	}
	if diff := cmp.Diff([]string{"sr:match:68995116", "sr:match:3"}, ids); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(odds.Rejections{odds.BadKickoff: 1, odds.NotJSON: 1}, p.Rejections); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sr:match:2", ""}, p.RejectedIDs); diff != "" {
		t.Errorf("refused ids (-want +got):\n%s", diff)
	}
	if p.Events != 5 || p.Silent {
		t.Errorf("%d events, silent %t", p.Events, p.Silent)
	}

	for name, tc := range map[string]struct {
		body   string
		silent bool
		reason odds.Reason
	}{
		"empty":         {body: listOK(`[]`)},
		"no events":     {body: listOK(`[{"events":[]}]`)},
		"left out":      {body: listOK(`[{"id":"sr:sport:1"}]`), silent: true},
		"data null":     {body: listOK(`null`), reason: odds.NotJSON},
		"no data":       {body: `{"bizCode":10000}`, reason: odds.NotJSON},
		"another shape": {body: listOK(`{"events":[]}`), reason: odds.NotJSON},
		"throttled":     {body: `{"bizCode":19000,"message":"busy"}`, reason: odds.NotOffered},
		"cut off":       {body: page[:80], reason: odds.NotJSON},
	} {
		p, err := pageOf([]byte(tc.body), listCup(), listNow())
		listCheckErr(t, err, nil, tc.reason)
		if p.Silent != tc.silent || p.Events != 0 {
			t.Errorf("%s: %d events, silent %t", name, p.Events, p.Silent)
		}
	}
}

// Whatever comes, what is listed is whole and lies ahead, and every event is accounted for.
func FuzzDecodeEvents(f *testing.F) {
	f.Add([]byte(listOK(`[{"events":[` + listEventJSON("", "") + `,{"eventId":"sr:match:1"},[]]}]`)))
	f.Add([]byte(listOK(`[{}]`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := pageOf(body, listCup(), listNow())
		if err != nil {
			if _, ok := errors.AsType[*odds.Rejected](err); !ok {
				t.Fatalf("error without a reason: %v", err)
			}
			return
		}
		if len(p.Listings)+p.Rejections.Total() > p.Events || len(p.RejectedIDs) != p.Rejections.Total() {
			t.Fatalf("%d events, %d listed, %d refused", p.Events, len(p.Listings), p.Rejections.Total())
		}
		for _, l := range p.Listings {
			if sr, ok := bookmaker.ParseSrID(l.EventID); !ok || sr != l.SrID || !l.Kickoff.After(listNow()) {
				t.Fatalf("listed %+v", l)
			}
		}
	})
}

func FuzzDecodeTournaments(f *testing.F) {
	f.Add([]byte(listOK(`{"sportList":[{"id":"sr:sport:1","eventSize":0,"categories":[{"name":"X","tournaments":[{"id":"a"},3]}]}]}`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, _, err := decodeTournaments(body)
		if err != nil && len(found) > 0 {
			t.Fatalf("%d tournaments, error %v", len(found), err)
		}
		seen := make(map[string]bool)
		for _, c := range found {
			if c.Err == nil && (c.ID == "" || seen[c.ID]) {
				t.Fatalf("tournament %q", c.ID)
			}
			seen[c.ID] = seen[c.ID] || c.Err == nil
		}
	})
}

// The category is told by the tree; the events of its tournaments need not repeat it.
func TestDecodeEventsOfNoRealCategory(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]int{"sr:category:2123": 0, "sr:category:1033": 0, "sr:category:393": 1} {
		tournaments, _, err := decodeTournaments([]byte(listOK(`{"sportList":[{"id":"sr:sport:1","categories":[
			{"id":"` + id + `","name":"International Clubs","tournaments":[{"id":"sr:tournament:9","name":"Battle"}]}]}]}`)))
		if err != nil || len(tournaments) != 1 {
			t.Fatalf("%d tournaments, %v", len(tournaments), err)
		}
		p, err := pageOf([]byte(listOK(`[{"events":[{"eventId":"sr:match:5","estimateStartTime":1778065200000,
			"homeTeamName":"Chelsea (Nick)","awayTeamName":"Arsenal (Bob)"}]}]`)), tournaments[0], listNow())
		if err != nil || len(p.Listings) != want || p.Rejections[odds.NotReal] != 1-want {
			t.Errorf("%s: %d listed, refusals %v, %v", id, len(p.Listings), p.Rejections, err)
		}
	}
}

// pageOf reads one answer alone.
func pageOf(body []byte, t bookmaker.Tournament, now time.Time) (page discovery.Page, err error) {
	err = decodeEvents(body, t, now, &page)
	return page, err
}
