package sim

import (
	"strings"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// Teams and tournaments are invented; only the countries exist.

// townOf makes a town from a number; there are 1,600 of them.
func townOf(n int) string {
	heads := []string{
		"Al", "Bar", "Cor", "Dun", "El", "Fer", "Gal", "Hart", "Il", "Jor", "Kal", "Lind", "Mar", "Nor", "Ost", "Per",
		"Quin", "Ros", "Sel", "Tor", "Ul", "Ver", "Wil", "Yar", "Zel", "Ash", "Bel", "Cres", "Dol", "Em", "Fal", "Gren",
		"Hol", "Is", "Kes", "Lum", "Mir", "Nav", "Or", "Mön",
	}
	tails := []string{
		"bury", "dale", "ford", "gate", "holm", "ica", "land", "mont", "nia", "ova", "port", "quay", "ridge", "stad",
		"ton", "vale", "wick", "yard", "zano", "amo", "berg", "cliff", "den", "eth", "field", "grad", "ham", "ino",
		"kirk", "ley", "minster", "ness", "over", "polis", "rova", "sund", "thorpe", "una", "ville", "worth",
	}
	return heads[n%len(heads)] + tails[n/len(heads)%len(tails)]
}

// clubOf makes the n-th team as each bookmaker spells it. Spellings differ the way real ones do: additions left out,
// words shortened, youth teams marked in another way.
func clubOf(n int) [book.Count]string {
	town := townOf(n)
	switch n / 1600 % 3 {
	case 1:
		return [book.Count]string{town + " United", town + " Utd", town + " United"}
	case 2:
		return [book.Count]string{town + " City U21", town + " City U-21", "Youth " + town + " City"}
	}
	switch n % 5 {
	case 0:
		return [book.Count]string{town + " FC", town + " FC", town}
	case 1:
		return [book.Count]string{"AC " + town, town, "AC " + town}
	case 2:
		return [book.Count]string{town + " Rovers", town + " Rovers FC", town + " Rov."}
	case 3:
		return [book.Count]string{town + " & District", town + " and District", town + " & D."}
	default:
		return [book.Count]string{town + " Women", town + " (W)", town + " W"}
	}
}

// playerOf makes a tennis player.
func playerOf(n int) string { return townOf(n) + ", " + strings.ToUpper(townOf(n * 7)[:1]) + "." }

// countries are the regions of the tree; the first stands for games between countries.
func countries() []string {
	return []string{
		"International", "England", "Spain", "Italy", "Germany", "France", "Netherlands", "Portugal", "Belgium", "Turkey",
		"Scotland", "Austria", "Switzerland", "Denmark", "Sweden", "Norway", "Finland", "Poland", "Czech Republic",
		"Greece", "Croatia", "Serbia", "Romania", "Hungary", "Bulgaria", "Ukraine", "Israel", "Egypt", "Nigeria", "Ghana",
		"Kenya", "South Africa", "Morocco", "Tunisia", "Algeria", "Brazil", "Argentina", "Chile", "Colombia", "Peru",
		"Uruguay", "Mexico", "USA", "Japan", "South Korea", "China", "Australia", "Saudi Arabia", "India", "Iceland",
	}
}

// leagueOf names the n-th league of a country. The same names occur in many countries, as in life.
func leagueOf(country string, n int) string {
	if country == "International" {
		return [...]string{
			"Club Friendly Games", "Nations Cup, Qualification", "Champions Trophy", "Youth Cup", "Women Cup",
			"Summer Series", "Masters Cup", "Invitational",
		}[n%8]
	}
	return [...]string{
		"Premier League", "First Division", "Cup", "Second Division", "Women League", "U21 League", "Super Cup",
		"Regional League",
	}[n%8]
}
