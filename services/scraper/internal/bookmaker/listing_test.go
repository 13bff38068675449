package bookmaker_test

import (
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

func TestTeams(t *testing.T) {
	t.Parallel()
	for written, want := range map[string][3]string{
		"Wuhan Three Towns - Qingdao Hainiu":  {"Wuhan Three Towns - Qingdao Hainiu", "Wuhan Three Towns", "Qingdao Hainiu"},
		"|Alpha||v||Beta|":                    {"Alpha - Beta", "Alpha", "Beta"},
		"|Alpha FC| |v| |Beta|":               {"Alpha FC - Beta", "Alpha FC", "Beta"},
		"Alpha v Beta":                        {"Alpha - Beta", "Alpha", "Beta"},
		"Alpha vs Beta":                       {"Alpha - Beta", "Alpha", "Beta"},
		"Alpha VS. Beta":                      {"Alpha - Beta", "Alpha", "Beta"},
		"Alpha – Beta":                        {"Alpha - Beta", "Alpha", "Beta"},
		"SV Werder v Bremen - Schalke":        {"SV Werder v Bremen - Schalke", "SV Werder v Bremen", "Schalke"},
		"Real Sociedad B - Elche - Ilicitano": {"Real Sociedad B - Elche - Ilicitano", "Real Sociedad B", "Elche - Ilicitano"},
		"Vasco-Vitoria":                       {"Vasco-Vitoria", "", ""},
		"Winner":                              {"Winner", "", ""},
		" - Beta":                             {" - Beta", "", ""},
		"":                                    {"", "", ""},
	} {
		name, home, away := bookmaker.Teams(written)
		if got := [3]string{name, home, away}; got != want {
			t.Errorf("%q: %q, want %q", written, got, want)
		}
	}
}

func TestNotReal(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		l        odds.Listing
		category string
		want     bool
	}{
		"by category":               {odds.Listing{}, "sr:category:2123", true},
		"eSoccer by category":       {odds.Listing{}, "sr:category:1033", true},
		"category by name":          {odds.Listing{Country: "Simulated Reality League"}, "", true},
		"tournament":                {odds.Listing{Tournament: "Premier League SRL"}, "", true},
		"tournament, other letters": {odds.Listing{Tournament: "LaLiga Srl"}, "", true},
		"both teams":                {odds.Listing{HomeTeam: "Northland SRL", AwayTeam: "Southland Srl"}, "", true},
		"eSoccer":                   {odds.Listing{Tournament: "Esoccer Battle - 8 mins play"}, "", true},
		"e-Soccer":                  {odds.Listing{Country: "e-Soccer"}, "", true},
		"E-Football":                {odds.Listing{Tournament: "E-Football GT League"}, "", true},
		"cyber":                     {odds.Listing{Tournament: "Cyber Live Arena"}, "", true},
		"virtual":                   {odds.Listing{Tournament: "Virtual Football League"}, "", true},
		"a country":                 {odds.Listing{Country: "Spain", Tournament: "Cup", HomeTeam: "Alpha", AwayTeam: "Beta"}, "sr:category:32", false},
		"one company":               {odds.Listing{Country: "Italy", Tournament: "Serie D", HomeTeam: "Pro Sesto SRL", AwayTeam: "Brusaporto"}, "", false},
		"Virtus":                    {odds.Listing{Country: "Italy", Tournament: "Serie C", HomeTeam: "Virtus Entella", AwayTeam: "Virtus Verona"}, "", false},
		"Esporte Clube":             {odds.Listing{Country: "Brazil", Tournament: "Copa do Nordeste", HomeTeam: "Esporte Clube Bahia", AwayTeam: "Sport Recife"}, "", false},
		"a league of companies":     {odds.Listing{Country: "Germany", Tournament: "Oberliga NOFV-Sued, E"}, "", false},
	} {
		if got := bookmaker.NotReal(tc.l, tc.category); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}
