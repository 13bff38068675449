package sides

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// team is a team's name as words without what bookmakers write differently: case, accents, punctuation, affixes.
type team []string

// affixes are words that some bookmakers leave out.
//
//nolint:gochecknoglobals // a table, never written
var affixes = wordSet("fc sc cf ac afc sfc rc cd ca ad ud sd sv fk sk bk if ff jk nk hk kf ks fsv tsv vfb vfl tsg cfr csm acs " +
	"club clube football futbol futebol calcio team de del da do dos la le los las the and")

// spellings are words that mean the first one of their line. A second team, the women's and the juniors' are one word
// each, however they are called.
//
//nolint:gochecknoglobals // a table, never written
var spellings = synonyms(
	"united utd",
	"saint st",
	"reserves reserve res ii iii b 2",
	"women w f fem femenino feminino feminine frauen ladies dam",
	"youth junior juniors jr jnr",
)

// letters are those that a decomposition does not take apart.
//
//nolint:gochecknoglobals // a table, never written
var letters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ß", "ss", "æ", "ae", "œ", "oe",
	"ı", "i", "'", "", "’", "", ".", "")

// teams reads the names of a match. A word that both teams carry, as all women's teams do, tells nothing about sides
// and is left out. Of a club's first and second team nothing but the difference is left.
func teams(home, away string) (h, a team) {
	h, a = words(home), words(away)
	shared := func(other team) func(string) bool {
		return func(word string) bool { return slices.Contains(other, word) }
	}
	return slices.DeleteFunc(slices.Clone(h), shared(a)), slices.DeleteFunc(slices.Clone(a), shared(h))
}

// words splits a name. Affixes are dropped unless nothing else is left.
func words(name string) team {
	folded := letters.Replace(strings.ToLower(name))
	folded = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return r
		default:
			return ' '
		}
	}, norm.NFKD.String(folded))
	all := strings.Fields(folded)
	for i, word := range all {
		if other, ok := spellings[word]; ok {
			all[i] = other
		}
	}
	own := slices.DeleteFunc(slices.Clone(all), func(word string) bool { return affixes[word] })
	if len(own) == 0 {
		return all
	}
	return own
}

// similarity is 1 for the same words in any order, and 0 where no word is like another: the mean over all words of
// both names of how alike the most similar one of the other name is.
func (t team) similarity(o team) float64 {
	if len(t)+len(o) == 0 {
		return 1
	}
	return (t.found(o) + o.found(t)) / float64(len(t)+len(o))
}

// found sums up how alike the most similar word of o is, over the words of t.
func (t team) found(o team) float64 {
	sum := 0.0
	for _, word := range t {
		best := 0.0
		for _, other := range o {
			best = max(best, wordSimilarity(word, other))
		}
		sum += best
	}
	return sum
}

// shortened is how alike a word and its abbreviation are ("man", "manchester").
const shortened = 0.8

// wordSimilarity is 1 for the same word; else that of an abbreviation, or the share of pairs of letters in common as
// far as it is half of them at least: less is chance.
func wordSimilarity(a, b string) float64 {
	if a == b {
		return 1
	}
	if min(len(a), len(b)) >= 3 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
		return shortened
	}
	p, q := pairs(a), pairs(b)
	total, common := len(p)+len(q), 0
	for _, pair := range p {
		if i := slices.Index(q, pair); i >= 0 {
			common++
			q = slices.Delete(q, i, i+1)
		}
	}
	if total == 0 || 4*common < total {
		return 0
	}
	return 2 * float64(common) / float64(total)
}

// pairs are the neighbouring letters of a word.
func pairs(word string) [][2]rune {
	letters := []rune(word)
	var all [][2]rune
	for i := 1; i < len(letters); i++ {
		all = append(all, [2]rune{letters[i-1], letters[i]})
	}
	return all
}

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// synonyms maps all words of a line but the first to the first.
func synonyms(lines ...string) map[string]string {
	all := make(map[string]string)
	for _, line := range lines {
		words := strings.Fields(line)
		for _, word := range words[1:] {
			all[word] = words[0]
		}
	}
	return all
}
