package bookmaker

import "strings"

// separators stand between two teams in one text, the surest first. Team names may contain one themselves; nothing says
// where, so the first one splits.
func separators() []string { return []string{" - ", " – ", " vs. ", " vs ", " v. ", " v "} }

// Teams takes the name of a match apart: "A - B", "A v B", or "|A||v||B|" as Bet9ja writes some. The name comes back as it
// is to be shown. Without a separator the teams are empty.
func Teams(written string) (name, home, away string) {
	name = written
	if strings.HasPrefix(name, "|") || strings.Contains(name, "||") {
		name = strings.Join(strings.Fields(strings.ReplaceAll(name, "|", " ")), " ")
	}
	for _, separator := range separators() {
		if at := index(name, separator); at >= 0 {
			home, away = strings.TrimSpace(name[:at]), strings.TrimSpace(name[at+len(separator):])
			if name != written || separator != separators()[0] {
				name = home + separators()[0] + away
			}
			return name, home, away
		}
	}
	return name, "", ""
}

// index finds a separator whatever its case; both sides must not be empty.
func index(name, separator string) int {
	at := strings.Index(strings.ToLower(name), separator)
	if at <= 0 || strings.TrimSpace(name[:at]) == "" || strings.TrimSpace(name[min(len(name), at+len(separator)):]) == "" {
		return -1
	}
	return at
}
