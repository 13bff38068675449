package bookmaker

import (
	"slices"
	"strings"
	"unicode"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// SportRadar's categories of football that nobody plays: Simulated Reality and eSoccer.
const (
	simulatedReality = "sr:category:2123"
	eSoccer          = "sr:category:1033"
)

// amateur are letters that only clubs of real leagues carry before a company's: "ASD Pro Sesto SRL" is a club.
func amateur(word string) bool {
	switch word {
	case "asd", "ssd", "usd", "acd", "gsd", "apd", "polisportiva", "ssdarl":
		return true
	default:
		return false
	}
}

// notReal are the words of a tournament or a category of matches that computers or video players play. As whole words
// only: Virtus Entella and an Esporte Clube are clubs.
func notReal(word string) bool {
	switch word {
	case "srl", "simulated", "esport", "esports", "virtual", "virtuals", "vfootball":
		return true
	default: // "CyberLive"; not "esport", which Esporte begins with
		return strings.HasPrefix(word, "cyber") || strings.HasPrefix(word, "esoccer") || strings.HasPrefix(word, "efootball")
	}
}

// NotReal reports whether a listing is of simulated reality, eSoccer or a virtual match rather than of one that is played.
// category is the bookmaker's own id of it, where SportRadar's are known, else empty.
//
// A company's letters stand in the names of clubs ("Pro Sesto SRL"), so one team's name says nothing: both have to carry
// such a word, as in "Northland SRL - Southland SRL", and neither an amateur club's letters.
func NotReal(l odds.Listing, category string) bool {
	if category == simulatedReality || category == eSoccer {
		return true
	}
	for _, text := range []string{l.Country, l.Tournament} {
		if anyNotReal(words(text)) {
			return true
		}
	}
	home, away := words(l.HomeTeam), words(l.AwayTeam)
	return anyNotReal(home) && anyNotReal(away) && !slices.ContainsFunc(slices.Concat(home, away), amateur)
}

func anyNotReal(words []string) bool {
	for i, word := range words {
		// "e-Soccer" and "E Sports" are two words.
		if notReal(word) || i+1 < len(words) && word == "e" && notReal("e"+words[i+1]) {
			return true
		}
	}
	return false
}

// words are the words of a text in lower case; "A.S.D." and "S.R.L." are one word each.
func words(text string) []string {
	text = strings.ToLower(strings.ReplaceAll(text, ".", ""))
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
