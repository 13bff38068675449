package bookmaker_test

import (
	"strings"
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
		"İstanbulspor - Trabzonspor":          {"İstanbulspor - Trabzonspor", "İstanbulspor", "Trabzonspor"},
		"İstanbulspor v Beta":                 {"İstanbulspor - Beta", "İstanbulspor", "Beta"},
		"ȺȺȺȺȺȺ v B":                          {"ȺȺȺȺȺȺ - B", "ȺȺȺȺȺȺ", "B"}, // longer in lower case
		"|North v South||v||Beta|":            {"North v South - Beta", "North v South", "Beta"},
		"|Elche - Ilicitano||v||Beta|":        {"Elche - Ilicitano - Beta", "Elche - Ilicitano", "Beta"},
		"||v||":                               {"v", "", ""},
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
		"both teams, of women":      {odds.Listing{HomeTeam: "Northland Srl (W)", AwayTeam: "Southland SRL (W)"}, "", true},
		"both teams, dotted":        {odds.Listing{HomeTeam: "Northland S.R.L.", AwayTeam: "Southland S.R.L."}, "", true},
		"eSports teams":             {odds.Listing{HomeTeam: "Chelsea (Nick) Esports", AwayTeam: "Arsenal (Bob) Esports"}, "", true},
		"cyber teams":               {odds.Listing{HomeTeam: "Chelsea Cyber", AwayTeam: "Arsenal Cyber"}, "", true},
		"one word":                  {odds.Listing{Tournament: "CyberLive Arena"}, "", true},
		"one virtual team":          {odds.Listing{HomeTeam: "Virtual FC", AwayTeam: "Arsenal"}, "", false},
		"Copa Esporte":              {odds.Listing{Country: "Brazil", Tournament: "Copa Esporte Interativo"}, "", false},
		"two companies":             {odds.Listing{Country: "Italy", HomeTeam: "ASD Pro Sesto SRL", AwayTeam: "U.S.D. Foggia S.R.L."}, "", false},
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

func FuzzTeams(f *testing.F) {
	for _, seed := range []string{"A - B", "|A||v||B|", "A v B", "\u023a\u023a\u023a v B", "\u0130 VS. \u0130", "||", " v ", "\xff v \xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		name, home, away := bookmaker.Teams(written)
		if (home == "") != (away == "") {
			t.Fatalf("%q: %q against %q", written, home, away)
		}
		if home != "" && (!strings.HasPrefix(strings.TrimSpace(name), home) || !strings.HasSuffix(strings.TrimSpace(name), away)) {
			t.Fatalf("%q: named %q, of %q and %q", written, name, home, away)
		}
	})
}
