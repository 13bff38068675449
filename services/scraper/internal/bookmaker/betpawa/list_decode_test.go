package betpawa

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
	return bookmaker.Tournament{ID: "9", Name: "Cup", Country: "Spain"}
}

func TestDecodeCompetitions(t *testing.T) {
	t.Parallel()
	const spain = `{"region":{"id":"1","name":"Spain"},"competitions":[
		{"competition":{"id":"9","name":"Cup"},"eventCounts":{"upcoming":3}},{"competition":{"id":10,"name":"Liga"}}]}`
	const italy = `{"region":{"id":"2","name":"Italy"},"competitions":[{"competition":{"id":"11","name":"Serie A"}}]}`
	all := func(regions ...string) string {
		return `{"withRegions":[{"category":{"id":"2","name":"Football"},"regions":[` + strings.Join(regions, ",") + `]}]}`
	}
	for name, tc := range map[string]struct {
		body   string
		want   []string // id, name, country; "!" with an error
		err    error
		reason odds.Reason
	}{
		"regions":              {body: all(spain, italy), want: []string{"9 Cup Spain", "10 Liga Spain", "11 Serie A Italy"}},
		"twice the same":       {body: all(italy, italy), want: []string{"11 Serie A Italy"}},
		"another sport beside": {body: `{"withRegions":[{"category":{"id":"3"},"regions":[` + spain + `]},{"category":{"id":"2"},"regions":[` + italy + `]}]}`, want: []string{"11 Serie A Italy"}},
		"category not named":   {body: `{"withRegions":[{"regions":[` + italy + `]}]}`, want: []string{"11 Serie A Italy"}},
		"broken region":        {body: all(`{"region":{"name":7}}`, italy), want: []string{"!  ", "11 Serie A Italy"}},
		"broken competition":   {body: all(`{"region":{"name":"X"},"competitions":[7,{"competition":{"name":"Y"}}]}`, italy), want: []string{"!  X", "! Y X", "11 Serie A Italy"}},
		"none":                 {body: `{"withRegions":[{"regions":[]}]}`, err: errNoCompetitions},
		"no regions":           {body: `{"withRegions":[{}]}`, err: errNoCompetitions},
		"another shape":        {body: `{"regions":[{"competitions":[{"id":"9"}]}]}`, err: errNoCompetitions},
		"empty":                {body: `{}`, err: errNoCompetitions},
		"wrong type":           {body: `{"withRegions":{"regions":[]}}`, reason: odds.NotJSON},
		"cut off":              {body: all(spain)[:50], reason: odds.NotJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, _, err := decodeCompetitions([]byte(tc.body))
			var got []string
			for _, c := range found {
				id := c.ID
				if c.Err != nil {
					id = "!" + id
				}
				got = append(got, id+" "+c.Name+" "+c.Country)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("competitions (-want +got):\n%s", diff)
			}
			listCheckErr(t, err, tc.err, tc.reason)
		})
	}
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

// listEventJSON is an event of the list in version 4's shape, with fields replaced; a value of "" leaves one out.
func listEventJSON(replaced map[string]string) string {
	fields := []struct{ name, value string }{
		{"id", `"33289995"`},
		{"name", `"Home FC - Away FC (n)"`},
		{"participants", `[{"id":"2","name":"Away FC","position":2},{"id":"1","name":"Home FC","position":1}]`},
		{"startTime", `"2026-05-06T11:00:00Z"`},
		{"widgets", `[{"id":"5","type":"GENIUSSPORTS"},{"id":"68995116","type":"SPORTRADAR","retention":"PREMATCH"}]`},
		{"category", `{"id":"2","name":"Football"}`},
	}
	var parts []string
	for _, f := range fields {
		if v, ok := replaced[f.name]; ok {
			f.value = v
		}
		if f.value != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", f.name, f.value))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestDecodeListing(t *testing.T) {
	t.Parallel()
	with := func(name, value string) string { return listEventJSON(map[string]string{name: value}) }
	whole := odds.Listing{
		Bookmaker: odds.BetPawa, EventID: "33289995", SrID: "68995116", Kickoff: time.Date(2026, 5, 6, 11, 0, 0, 0, time.UTC),
		Name: "Home FC - Away FC (n)", HomeTeam: "Home FC", AwayTeam: "Away FC", Sport: "football",
		Country: "Spain", Tournament: "Cup", TournamentID: "9",
	}
	for name, tc := range map[string]struct {
		raw    string
		reason odds.Reason
		id     string // when refused
		change func(*odds.Listing)
	}{
		"whole":                   {raw: with("", "")},
		"numeric id":              {raw: with("id", `33289995`)},
		"offset":                  {raw: with("startTime", `"2026-05-06T12:00:00+01:00"`)},
		"no category":             {raw: with("category", "")},
		"no widgets":              {raw: with("widgets", ""), change: func(l *odds.Listing) { l.SrID = "" }},
		"no SportRadar":           {raw: with("widgets", `[{"id":"5","type":"GENIUSSPORTS"}]`), change: func(l *odds.Listing) { l.SrID = "" }},
		"widget of letters":       {raw: with("widgets", `[{"id":"x","type":"SPORTRADAR"}]`), change: func(l *odds.Listing) { l.SrID = "" }},
		"first widget broken":     {raw: with("widgets", `[7,{"id":68995116,"type":"SPORTRADAR"}]`)},
		"widgets of another type": {raw: with("widgets", `"none"`), change: func(l *odds.Listing) { l.SrID = "" }},
		"no participants":         {raw: with("participants", ""), change: func(l *odds.Listing) { l.AwayTeam = "Away FC (n)" }},
		"broken participants":     {raw: with("participants", `[1]`), change: func(l *odds.Listing) { l.AwayTeam = "Away FC (n)" }},

		"no id":              {raw: with("id", ""), reason: odds.NoEventID},
		"null id":            {raw: with("id", "null"), reason: odds.NoEventID},
		"id with a zero":     {raw: with("id", `"033289995"`), reason: odds.NoEventID},
		"id with a sign":     {raw: with("id", `"+33289995"`), reason: odds.NoEventID},
		"negative id":        {raw: with("id", `-33289995`), reason: odds.NoEventID},
		"id of letters":      {raw: with("id", `"33289995a"`), reason: odds.NoEventID},
		"id of wrong type":   {raw: with("id", `[1]`), reason: odds.NotJSON},
		"no kickoff":         {raw: with("startTime", ""), reason: odds.BadKickoff, id: "33289995"},
		"odd kickoff":        {raw: with("startTime", `"tomorrow"`), reason: odds.BadKickoff, id: "33289995"},
		"absurd kickoff":     {raw: with("startTime", `"9026-05-06T11:00:00Z"`), reason: odds.BadKickoff, id: "33289995"},
		"zero kickoff":       {raw: with("startTime", `"1970-01-01T00:00:00Z"`), reason: odds.BadKickoff, id: "33289995"},
		"numeric kickoff":    {raw: with("startTime", `1778065200000`), reason: odds.NotJSON, id: "33289995"},
		"basketball":         {raw: with("category", `{"id":"3"}`), reason: odds.WrongSport, id: "33289995"},
		"name of wrong type": {raw: with("name", `{}`), reason: odds.NotJSON, id: "33289995"},
		"not an object":      {raw: `17`, reason: odds.NotJSON},
		"null":               {raw: `null`, reason: odds.NoEventID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, reason := decodeListing([]byte(tc.raw), listCup(), listNow())
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
	begun := listEventJSON(map[string]string{"id": `"1"`, "startTime": `"2026-05-06T10:00:00Z"`})
	page := `{"responses":[{"responses":[` + strings.Join([]string{
		listEventJSON(nil), `{"id":"2"}`, begun, `"x"`, listEventJSON(map[string]string{"id": `"3"`}),
	}, ",") + `]}]}`
	p, err := pageOf([]byte(page), listCup(), listNow())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range p.Listings {
		ids = append(ids, l.EventID)
	}
	if diff := cmp.Diff([]string{"33289995", "3"}, ids); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(odds.Rejections{odds.BadKickoff: 1, odds.NotJSON: 1}, p.Rejections); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"2", ""}, p.RejectedIDs); diff != "" {
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
		"empty":         {body: `{"responses":[{"responses":[]}]}`},
		"left out":      {body: `{"responses":[{}]}`, silent: true},
		"no response":   {body: `{"responses":[]}`, reason: odds.NotJSON},
		"another shape": {body: `{"eventLists":[{"events":[]}]}`, reason: odds.NotJSON},
		"wrong type":    {body: `{"responses":[{"responses":{}}]}`, reason: odds.NotJSON},
		"cut off":       {body: page[:80], reason: odds.NotJSON},
		"a list":        {body: `[]`, reason: odds.NotJSON},
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
	f.Add([]byte(`{"responses":[{"responses":[` + listEventJSON(nil) + `,{"id":1,"startTime":null},[]]}]}`))
	f.Add([]byte(`{"responses":[{}]}`))
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
			sr, ok := bookmaker.ParseSrID(l.SrID)
			if l.EventID == "" || !l.Kickoff.After(listNow()) || (l.SrID != "" && (!ok || sr != l.SrID)) {
				t.Fatalf("listed %+v", l)
			}
		}
	})
}

func FuzzDecodeCompetitions(f *testing.F) {
	f.Add([]byte(`{"withRegions":[{"regions":[{"region":{"name":"X"},"competitions":[{"competition":{"id":"1"}},3]}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, _, err := decodeCompetitions(body)
		if (err == nil) == (len(found) == 0) {
			t.Fatalf("%d competitions, error %v", len(found), err)
		}
		seen := make(map[string]bool)
		for _, c := range found {
			if c.Err == nil && (c.ID == "" || seen[c.ID]) {
				t.Fatalf("competition %q", c.ID)
			}
			seen[c.ID] = seen[c.ID] || c.Err == nil
		}
	})
}

// pageOf reads one answer alone.
func pageOf(body []byte, t bookmaker.Tournament, now time.Time) (page discovery.Page, err error) {
	err = decodeEvents(body, t, now, &page)
	return page, err
}
