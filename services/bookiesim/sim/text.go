package sim

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The answers are written by hand into byte slices: encoding them by reflection would cost more than everything else
// the simulator does, and it shares the machine with what it is there to measure.

// appendQuoted appends a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20:
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[r>>4], "0123456789abcdef"[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// quoted is s as a JSON string.
func quoted(s string) string { return string(appendQuoted(nil, s)) }

// appendIDName appends {"id":…,"name":…}.
func appendIDName(dst []byte, id, name string) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendQuoted(dst, id)
	dst = append(dst, `,"name":`...)
	dst = appendQuoted(dst, name)
	return append(dst, '}')
}

// appendCents appends a price with two decimals: 2.40.
func appendCents(dst []byte, cents int32) []byte {
	dst = strconv.AppendInt(dst, int64(cents/100), 10)
	return append(dst, '.', byte('0'+cents/10%10), byte('0'+cents%10))
}

// appendShortCents appends a price without trailing zeros: 2.4, 3. A number in JSON, so 0 stays "0".
func appendShortCents(dst []byte, cents int32) []byte {
	dst = strconv.AppendInt(dst, int64(cents/100), 10)
	switch {
	case cents%100 == 0:
		return dst
	case cents%10 == 0:
		return append(dst, '.', byte('0'+cents/10%10))
	default:
		return append(dst, '.', byte('0'+cents/10%10), byte('0'+cents%10))
	}
}

// appendFraction appends a number in [0, 1] with ten decimals, as SportyBet does: 0.3952740000.
func appendFraction(dst []byte, v float64) []byte {
	if v < 5e-8 {
		return append(dst, "0E-10"...)
	}
	return append(strconv.AppendFloat(dst, v, 'f', 7, 64), "000"...)
}

// comma separates the elements of a list that was empty when its length was start.
func comma(dst []byte, start int) []byte {
	if len(dst) > start {
		dst = append(dst, ',')
	}
	return dst
}

// withTeams fills team names into a text.
func withTeams(text, home, away string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "{home}", home), "{away}", away)
}

// appendISO appends a quoted instant as BetPawa writes it.
func appendISO(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
	return append(dst, '"')
}

// inFrench is BetPawa's name of an outcome or market as the hosts of French-speaking countries write it. "Plus de" and
// "Moins de" were seen; the other words are our own.
func inFrench(name string) string {
	words := map[string]string{
		"Over": "Plus de", "Under": "Moins de", "Yes": "Oui", "No": "Non", "Odd": "Impair", "Even": "Pair", "Home": "Domicile",
		"Away": "Ext\u00e9rieur", "Both": "Les deux", "None": "Aucun", "Other": "Autre", "Draw": "Nul", "Goal": "But", "goal": "but",
		"Equal": "\u00c9gal", "Over/Under": "Plus/Moins",
	}
	parts := strings.Split(name, " ")
	for i, part := range parts {
		if word, ok := words[part]; ok {
			parts[i] = word
		}
	}
	return strings.Join(parts, " ")
}
