package bet9ja_test

import (
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/bet9ja"
	"github.com/oddscache/oddscache/services/scraper/internal/evidence"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// FuzzDetail feeds the decoder any bytes: it must not panic, and whatever it makes of them must hold together.
func FuzzDetail(f *testing.F) {
	for _, seed := range detailSeeds() {
		f.Add([]byte(seed))
	}
	for _, body := range recordedtest.All(f, "bet9ja") {
		f.Add(body)
	}
	table, err := mapping.Default()
	if err != nil {
		f.Fatal(err)
	}
	decoder := bet9ja.NewDecoder(table.Column(odds.Bet9ja, mapping.Bet9ja))
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		detail, err := decoder.Detail(body, bookmaker.Target{}, at, at)
		if err := evidence.Invariants(table, detail); err != nil {
			t.Fatal(err)
		}
		if err == nil && (detail.Listing.SrID == "" || detail.Listing.EventID == "" || detail.Listing.Kickoff.IsZero()) {
			t.Fatalf("accepted without id or kickoff: %+v", detail.Listing)
		}
	})
}

// detailSeeds are small answers with what the decoder has to tell apart.
func detailSeeds() []string {
	return []string{
		``,
		`<html>`,
		`null`,
		`{"R":"E"}`,
		`{"R":"OK","D":false}`,
		`{"R":"D","D":{"ID":5,"EXTID":"7","DS":"A - B","STARTDATE":"2026-05-06 11:00:00","SID":1,"S":"Soccer","GID":3,"GN":"L","SG":"C","O":{"S_1X2_1":"2.4","S_1X2_X":3.1,"S_1X2_2":"1","S_1X2_9":"2"},"MK":[{"ID":"S_1X2","DS":"1X2","SGN":["1","X","2"],"SGNK":["1","X","2"]}]}}`,
		`{"R":"D","D":{"ID":5,"EXTID":"7","DS":"A - B","STARTDATE":"2026-05-06 11:00:00","SID":1,"S":"Soccer","GID":3,"GN":"L","SG":"C","O":{"S_OU@2.5_O":"1.9","S_OU@2.5_U":"1.8","S_OU@2.5_O":"2.9","S_OU@nan_O":"2","S_OU_O":"2","S_OUA@2.25_O":"NaN"},"MK":[]}}`,
		`{"R":"D","D":{"ID":5,"EXTID":"7","DS":"A - B","STARTDATE":"2026-05-06 11:00:00","SID":1,"S":"Soccer","GID":3,"GN":"L","SG":"C","O":{"S_1X2HND@-1_1H":"5","S_1X2HND@-0.5_1H":"5","S_HAOU@1.5_OH":"2","S_HAOU@1.5_UA":"2","S_AH@-0_1":"2","S_":"1","S_@1_1":"2","B_1X2_1":"2"},"MK":[]}}`,
		`{"R":"D","D":{"ID":5,"EXTID":"7","DS":"A - B","STARTDATE":"2026-05-06 11:00:00","SID":1,"S":"Soccer","GID":3,"GN":"L","SG":"C","O":{"S_EXACTBOOK_0-3":"1.1","S_NEW@a_b_c":{},"S_BOOKSHOME_01BookHome":null},"MK":[7,{"ID":"S_EXACTBOOK","SGN":["x"],"SGNK":["0-3"]},{"ID":"S_EXACTBOOK","SGN":["y"],"SGNK":["0-3"]},{"ID":"S_NEW","SGN":[],"SGNK":["q"]}]}}`,
	}
}
