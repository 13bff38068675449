package bet9ja

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
	return bookmaker.Tournament{ID: "1414963", Name: "Cup", Country: "Spain"}
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

func listOK(data string) string { return `{"R":"OK","D":` + data + `}` }

func TestDecodeGroups(t *testing.T) {
	t.Parallel()
	const spain = `{"SG_DESC":"Spain","G":{"180928":{"G_DESC":"LaLiga","NUM":3},"1414963":{"G_DESC":"Cup"}}}`
	const italy = `{"SG_DESC":"Italy","G":{"167856":{"G_DESC":"Serie A"}}}`
	sports := func(num int, countries string) string {
		return listOK(fmt.Sprintf(`{"PAL":{"2":{"S_DESC":"Basketball","SG":{"1":%s}},"1":{"S_DESC":"Soccer","NUM":%d,"SG":%s}}}`, italy, num, countries))
	}
	for name, tc := range map[string]struct {
		body   string
		want   []string
		err    error
		reason odds.Reason
	}{
		"soccer among others": {
			body: sports(5, `{"12016":`+spain+`,"12017":`+italy+`}`),
			want: []string{"1414963 Cup Spain", "180928 LaLiga Spain", "167856 Serie A Italy"},
		},
		"twice the same":        {body: sports(5, `{"1":`+italy+`,"2":`+italy+`}`), want: []string{"167856 Serie A Italy"}},
		"broken country":        {body: sports(5, `{"1":7,"2":`+italy+`}`), want: []string{"!  ", "167856 Serie A Italy"}},
		"group without a name":  {body: sports(5, `{"1":{"SG_DESC":"X","G":{"9":false}}}`), want: []string{"9  X"}},
		"group without an id":   {body: sports(5, `{"1":{"SG_DESC":"X","G":{"":{}}}}`), want: []string{"!  X"}},
		"country without group": {body: sports(5, `{"1":{"SG_DESC":"X","G":[]},"2":`+italy+`}`), want: []string{"167856 Serie A Italy"}},
		"proven to be empty":    {body: sports(0, `{}`)},
		"empty as PHP has it":   {body: sports(0, `[]`)},
		"empty, yet counted":    {body: sports(3, `{}`), err: errNoSoccer},
		"no countries":          {body: listOK(`{"PAL":{"1":{"NUM":0}}}`), err: errNoSoccer},
		"no soccer":             {body: listOK(`{"PAL":{"2":{}}}`), err: errNoSoccer},
		"no sports":             {body: listOK(`{"PAL":[]}`), err: errNoSoccer},
		"another shape":         {body: listOK(`{"SPORTS":[]}`), err: errNoSoccer},
		"D false":               {body: listOK(`false`), reason: odds.NotJSON},
		"no D":                  {body: `{"R":"OK"}`, reason: odds.NotJSON},
		"R is E":                {body: `{"R":"E","D":false}`, reason: odds.NotOffered},
		"unknown R":             {body: `{"R":"X","D":{}}`, reason: odds.NotJSON},
		"a list of sports":      {body: listOK(`{"PAL":[{"SG":{}}]}`), reason: odds.NotJSON},
		"soccer of wrong type":  {body: listOK(`{"PAL":{"1":7}}`), reason: odds.NotJSON},
		"cut off":               {body: sports(5, `{}`)[:60], reason: odds.NotJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, _, err := decodeGroups([]byte(tc.body))
			var got []string
			for _, c := range found {
				id := c.ID
				if c.Err != nil {
					id = "!" + id
				}
				got = append(got, id+" "+c.Name+" "+c.Country)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
			listCheckErr(t, err, tc.err, tc.reason)
		})
	}
}

// listEventJSON is an event of the list, with one field replaced; a value of "" leaves it out.
func listEventJSON(name, value string) string {
	var parts []string
	for _, f := range [][2]string{
		{"ID", `769895636`},
		{"EXTID", `"68995116"`},
		{"DS", `"Home FC - Away FC - II"`},
		{"STARTDATE", `"2026-05-06 11:00:00"`},
		{"C", `"4905"`},
		{"GN", `"Copa"`},
		{"SG", `"ES"`},
		{"SID", `1`},
		{"O", `{"S_1X2_1":"2.4"}`},
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
	const id = "769895636"
	whole := odds.Listing{
		Bookmaker: odds.Bet9ja, EventID: id, SrID: "68995116", Kickoff: time.Date(2026, 5, 6, 11, 0, 0, 0, time.UTC),
		Name: "Home FC - Away FC - II", HomeTeam: "Home FC", AwayTeam: "Away FC - II", Sport: "football",
		Country: "Spain", Tournament: "Cup", TournamentID: "1414963",
	}
	for name, tc := range map[string]struct {
		raw    string
		group  *bookmaker.Tournament
		reason odds.Reason
		id     string
		change func(*odds.Listing)
	}{
		"whole":                    {raw: listEventJSON("", "")},
		"id as text":               {raw: listEventJSON("ID", `"769895636"`)},
		"numeric EXTID":            {raw: listEventJSON("EXTID", `68995116`)},
		"prefixed EXTID":           {raw: listEventJSON("EXTID", `"sr:match:68995116"`)},
		"no sport":                 {raw: listEventJSON("SID", "")},
		"teams in one word":        {raw: listEventJSON("DS", `"Final"`), change: func(l *odds.Listing) { l.Name, l.HomeTeam, l.AwayTeam = "Final", "", "" }},
		"teams between bars":       {raw: listEventJSON("DS", `"|Alpha||v||Beta|"`), change: func(l *odds.Listing) { l.Name, l.HomeTeam, l.AwayTeam = "Alpha - Beta", "Alpha", "Beta" }},
		"a match of computers":     {raw: listEventJSON("DS", `"Northland SRL - Southland SRL"`), reason: odds.NotReal, id: id},
		"own id with a zero":       {raw: listEventJSON("ID", `"0769895636"`), reason: odds.NoEventID},
		"own id with a sign":       {raw: listEventJSON("ID", `"+769895636"`), reason: odds.NoEventID},
		"negative own id":          {raw: listEventJSON("ID", `-769895636`), reason: odds.NoEventID},
		"an id that begins with 0": {raw: listEventJSON("EXTID", `"068995116"`), reason: odds.NoSrID, id: id},
		"a group without names": {
			raw: listEventJSON("", ""), group: &bookmaker.Tournament{ID: "1414963"},
			change: func(l *odds.Listing) { l.Tournament, l.Country = "Copa", "ES" },
		},
		"no id":               {raw: listEventJSON("ID", ""), reason: odds.NoEventID},
		"zero id":             {raw: listEventJSON("ID", "0"), reason: odds.NoEventID},
		"id of wrong type":    {raw: listEventJSON("ID", "{}"), reason: odds.NotJSON},
		"no EXTID":            {raw: listEventJSON("EXTID", ""), reason: odds.NoSrID, id: id},
		"empty EXTID":         {raw: listEventJSON("EXTID", `""`), reason: odds.NoSrID, id: id},
		"zero EXTID":          {raw: listEventJSON("EXTID", `"0"`), reason: odds.NoSrID, id: id},
		"EXTID of letters":    {raw: listEventJSON("EXTID", `"lsp-1"`), reason: odds.NoSrID, id: id},
		"EXTID is a list":     {raw: listEventJSON("EXTID", `[]`), reason: odds.NotJSON, id: id},
		"no kickoff":          {raw: listEventJSON("STARTDATE", ""), reason: odds.BadKickoff, id: id},
		"zero kickoff":        {raw: listEventJSON("STARTDATE", `"0000-00-00 00:00:00"`), reason: odds.BadKickoff, id: id},
		"absurd kickoff":      {raw: listEventJSON("STARTDATE", `"2099-01-01 00:00:00"`), reason: odds.BadKickoff, id: id},
		"numeric kickoff":     {raw: listEventJSON("STARTDATE", "1778065200000"), reason: odds.NotJSON, id: id},
		"basketball":          {raw: listEventJSON("SID", "2"), reason: odds.WrongSport, id: id},
		"teams of wrong type": {raw: listEventJSON("DS", "7"), reason: odds.NotJSON, id: id},
		"not an object":       {raw: `false`, reason: odds.NotJSON},
		"null":                {raw: `null`, reason: odds.NoEventID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group := listCup()
			if tc.group != nil {
				group = *tc.group
			}
			got, reason := decodeListing([]byte(tc.raw), group, listNow())
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
	other := func(id, event string) string { return strings.Replace(event, "769895636", id, 1) }
	begun := other("1", listEventJSON("STARTDATE", `"2026-05-06 10:00:00"`))
	page := listOK(`{"E":[` + strings.Join([]string{
		listEventJSON("", ""), other("2", listEventJSON("STARTDATE", "")), begun, `"x"`, listEventJSON("ID", "3"),
	}, ",") + `]}`)
	p, err := pageOf([]byte(page), listCup(), listNow())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range p.Listings {
		ids = append(ids, l.EventID)
	}
	if diff := cmp.Diff([]string{"769895636", "3"}, ids); diff != "" {
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
		"empty":         {body: listOK(`{"E":[]}`)},
		"left out":      {body: listOK(`{}`), silent: true},
		"R is D":        {body: `{"R":"D","D":{"E":[]}}`},
		"D false":       {body: listOK(`false`), reason: odds.NotJSON},
		"D a list":      {body: listOK(`[]`), reason: odds.NotJSON},
		"wrong type":    {body: listOK(`{"E":{}}`), reason: odds.NotJSON},
		"throttled":     {body: `{"R":"E","D":"x"}`, reason: odds.NotOffered},
		"R of a number": {body: `{"R":1,"D":{}}`, reason: odds.NotJSON},
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
	f.Add([]byte(listOK(`{"E":[` + listEventJSON("", "") + `,{"ID":1},[]]}`)))
	f.Add([]byte(listOK(`false`)))
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
			if sr, ok := bookmaker.ParseSrID(l.SrID); !ok || sr != l.SrID || l.EventID == "" || !l.Kickoff.After(listNow()) {
				t.Fatalf("listed %+v", l)
			}
		}
	})
}

func FuzzDecodeGroups(f *testing.F) {
	f.Add([]byte(listOK(`{"PAL":{"1":{"NUM":0,"SG":{"5":{"SG_DESC":"X","G":{"7":{"G_DESC":"Y"}}},"6":[]}}}}`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, _, err := decodeGroups(body)
		if err != nil && len(found) > 0 {
			t.Fatalf("%d groups, error %v", len(found), err)
		}
		seen := make(map[string]bool)
		for _, c := range found {
			if c.Err == nil && (c.ID == "" || seen[c.ID]) {
				t.Fatalf("group %q", c.ID)
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
