package bookmaker

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ID is an id as bookmakers send it: a JSON string, or a whole number. Surrounding space is dropped; null is empty.
type ID string

// UnmarshalJSON reads either form.
func (id *ID) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	switch {
	case text == "null":
		*id = ""
	case strings.HasPrefix(text, `"`):
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("reading an id: %w", err)
		}
		*id = ID(strings.TrimSpace(s))
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%.40s is no id", text)
		}
		*id = ID(strconv.FormatInt(n, 10))
	}
	return nil
}

// maxSrIDDigits bounds a SportRadar id; those of 2026 have eight digits.
const maxSrIDDigits = 18

// ParseSrID reads a SportRadar id with or without its prefix "sr:match:". It is digits only and begins with none that is
// 0: an id is a number, and with leading zeros one match would be several.
func ParseSrID(s string) (string, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "sr:match:")
	if s == "" || len(s) > maxSrIDDigits || s[0] == '0' {
		return "", false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	return s, true
}

// maxOwnIDDigits bounds the ids of bookmakers that count up.
const maxOwnIDDigits = 20

// OwnNumber reports whether id is one that a bookmaker counts up: digits only, the first not 0. "0123" and "+123" would be
// further events beside 123.
func OwnNumber(id string) bool {
	return id != "" && len(id) <= maxOwnIDDigits && id[0] != '0' && strings.Trim(id, "0123456789") == ""
}

// The span of kickoffs that are believed.
const (
	kickoffFrom  = 2000                     // year
	kickoffAhead = 2 * 365 * 24 * time.Hour // from now
)

// PlausibleKickoff reports whether a match may begin at t.
func PlausibleKickoff(t, now time.Time) bool {
	return t.Year() >= kickoffFrom && t.Before(now.Add(kickoffAhead))
}

// Count reads a number of events as sites write it, a number or a text; 0 for anything else, so that a count of another
// shape is no reason to go without what stands beside it.
func Count(raw json.RawMessage) int {
	var id ID
	if json.Unmarshal(raw, &id) != nil {
		return 0
	}
	n, err := strconv.Atoi(string(id))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
