package betpawa_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping/recordedtest"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestDecoder_Detail_CountMismatch(t *testing.T) {
	t.Parallel()
	const market = `{"marketType":{"id":"3743","name":"1X2"},"row":[{"prices":[{"name":"1","odds":2}]}]}`
	d, err := newDecoder(t).Detail(body(2, market), bookmaker.Target{}, detailTime(), detailTime())
	if err != nil {
		t.Fatal(err)
	}
	if d.Snapshot.Complete || d.Rejections[odds.CountMismatch] != 1 || len(d.Snapshot.Markets) != 1 {
		t.Errorf("complete %t, refusals %v, %d markets", d.Snapshot.Complete, d.Rejections, len(d.Snapshot.Markets))
	}
}

func TestDecoder_Detail_Rejected(t *testing.T) {
	t.Parallel()
	const market = `{"marketType":{"id":"3743","name":"1X2"},"row":[{"prices":[{"name":"1","odds":2}]}]}`
	good := string(body(1, market))
	with := func(old, by string) string { return strings.Replace(good, old, by, 1) }
	tests := []struct {
		name, body string
		requested  bookmaker.Target
		want       odds.Reason
	}{
		{"empty", "", bookmaker.Target{}, odds.NotJSON},
		{"HTML", "<html></html>", bookmaker.Target{}, odds.NotJSON},
		{"truncated", good[:len(good)-9], bookmaker.Target{}, odds.NotJSON},
		{"no object", "[]", bookmaker.Target{}, odds.NotJSON},
		{"an error of its own", `{"error":"NOT_FOUND"}`, bookmaker.Target{}, odds.NoEventID},
		{"another sport", with(`"id":"2"`, `"id":"3"`), bookmaker.Target{}, odds.WrongSport},
		{"no SportRadar id", with(`"id":"7"`, `"id":"x"`), bookmaker.Target{}, odds.NoSrID},
		{"another event by SportRadar id", good, bookmaker.Target{SrID: "8"}, odds.WrongEvent},
		{"another event by its own id", good, bookmaker.Target{EventID: "12", SrID: "7"}, odds.WrongEvent},
		{"no kickoff", with(`"startTime"`, `"start"`), bookmaker.Target{}, odds.BadKickoff},
		{"kickoff long ago", with("2026-05", "1999-05"), bookmaker.Target{}, odds.BadKickoff},
		{"kickoff far ahead", with("2026-05", "2029-05"), bookmaker.Target{}, odds.BadKickoff},
		{"no markets, but a number of them", string(body(3)), bookmaker.Target{}, odds.NoMarkets},
		{"markets that tell nothing", string(body(1, `"market"`)), bookmaker.Target{}, odds.NoMarkets},
		{"too many bytes", `"` + strings.Repeat("x", answer.MaxBytes) + `"`, bookmaker.Target{}, odds.TooLarge},
		{"too many markets", string(body(1, bytesOf("7", answer.MaxMarkets+1)...)), bookmaker.Target{}, odds.TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newDecoder(t).Detail([]byte(tt.body), tt.requested, detailTime(), detailTime())
			rejected, ok := errors.AsType[*odds.Rejected](err)
			if !ok || rejected.Reason != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func bytesOf(element string, n int) []string {
	return strings.Split(string(bytes.Repeat([]byte(element+" "), n))[:n*(len(element)+1)-1], " ")
}

func TestDecoder_Detail_OtherSports(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{recordedtest.Basketball, recordedtest.Tennis} {
		_, err := newDecoder(t).Detail(recordedtest.Body(t, folder, "betpawa.json"), bookmaker.Target{}, detailTime(), detailTime())
		if rejected, ok := errors.AsType[*odds.Rejected](err); !ok || rejected.Reason != odds.WrongSport {
			t.Errorf("%s: error %v, want %s", folder, err, odds.WrongSport)
		}
	}
}
