package bookmakertest

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Fields that nobody reads change nothing, wherever they stand and whatever is in them; and neither does the header that
// says what an answer is.
func unusedFields(t *testing.T, f Fixture) {
	plain, extended := NewSite(t, f, slots, 3, 2), NewSite(t, f, slots, 3, 2)
	extended.Rewrite = func(body string) string { return extend(t, body, f.Maps) }
	extended.Header.Set("Content-Type", "text/html; charset=utf-8")
	want, err := plain.Client.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := extended.Client.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("discovery (-without +with):\n%s", diff)
	}
	e := plain.Events[plain.Tournaments[0].ID][0]
	before, err := plain.detail(t.Context(), bookmaker.Target{EventID: e.ID})
	if err != nil {
		t.Fatal(err)
	}
	after, err := extended.detail(t.Context(), bookmaker.Target{EventID: e.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*bookmaker.Detail{&before, &after} {
		d.Snapshot.Request, d.Snapshot.RequestedAt, d.Snapshot.CapturedAt = 0, e.Kickoff, e.Kickoff
	}
	if diff := cmp.Diff(before, after, cmp.Comparer(func(a, b odds.Line) bool { return a == b })); diff != "" {
		t.Errorf("detail (-without +with):\n%s", diff)
	}
}

// extend adds members that no site has to every object of a text, those apart whose members are data.
func extend(t testing.TB, body string, maps []string) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(body)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Errorf("reading %s: %v", body, err)
		return body
	}
	var walk func(value any, data bool)
	walk = func(value any, data bool) {
		switch v := value.(type) {
		case map[string]any:
			for name, member := range v {
				walk(member, slices.Contains(maps, name))
			}
			if !data {
				v["unusedText"], v["unusedNull"] = "<html>{\"}", nil
				v["unusedList"] = []any{1, "two", []any{}, map[string]any{"id": "3", "odds": 4.5}}
			}
		case []any:
			for _, element := range v {
				walk(element, false)
			}
		}
	}
	walk(value, false)
	text, err := json.Marshal(value)
	if err != nil {
		t.Errorf("writing an answer: %v", err)
	}
	return string(text)
}
