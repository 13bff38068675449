package bookmaker

import (
	"strings"
	"unicode"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// SportRadar's categories of football that nobody plays: Simulated Reality and eSoccer.
const (
	simulatedReality = "sr:category:2123"
	eSoccer          = "sr:category:1033"
)

// notReal are the words of a tournament or a category of matches that computers or video players play. As whole words
// only: Virtus Entella and an Esporte Clube are clubs.
func notReal(word string) bool {
	switch word {
	case "srl", "simulated", "esoccer", "esport", "esports", "efootball", "cyber", "cyberfootball", "virtual", "virtuals", "vfootball":
		return true
	default:
		return false
	}
}

// NotReal reports whether a listing is of simulated reality, eSoccer or a virtual match rather than of one that is played.
// category is the bookmaker's own id of it, where SportRadar's are known, else empty.
//
// A company's letters stand in the names of clubs ("Pro Sesto SRL"), so a team's name alone says nothing: both have to end
// with them, as in "Northland SRL - Southland SRL".
func NotReal(l odds.Listing, category string) bool {
	if category == simulatedReality || category == eSoccer {
		return true
	}
	for _, text := range []string{l.Country, l.Tournament} {
		words := words(text)
		for i, word := range words {
			// "e-Soccer" and "E Sports" are two words.
			if notReal(word) || i+1 < len(words) && word == "e" && notReal("e"+words[i+1]) {
				return true
			}
		}
	}
	return lastWord(l.HomeTeam) == "srl" && lastWord(l.AwayTeam) == "srl"
}

// words are the words of a text in lower case.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func lastWord(text string) string {
	all := words(text)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}
