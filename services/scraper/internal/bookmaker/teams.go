package bookmaker

import "strings"

// separators stand between two teams in one text, the surest first. Team names may contain one themselves; nothing says
// where, so the first one splits.
func separators() []string { return []string{" - ", " – ", " vs. ", " vs ", " v. ", " v "} }

// Teams takes the name of a match apart: "A - B", "A v B", or "|A||v||B|" as Bet9ja writes some. The name comes back as it
// is to be shown. Without a separator the teams are empty.
func Teams(written string) (name, home, away string) {
	if home, away, ok := barred(written); ok {
		return home + separators()[0] + away, home, away
	}
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

// barred takes "|A||v||B|" apart, in which the bars tell exactly where the teams end, whatever is in their names.
func barred(written string) (home, away string, ok bool) {
	inner, opened := strings.CutPrefix(strings.TrimSpace(written), "|")
	inner, closed := strings.CutSuffix(inner, "|")
	parts := strings.Split(inner, "||")
	if !opened || !closed || len(parts) != 3 || strings.Contains(strings.Join(parts, ""), "|") {
		return "", "", false
	}
	home, away = strings.TrimSpace(parts[0]), strings.TrimSpace(parts[2])
	return home, away, home != "" && away != ""
}

// index finds a separator whatever its case; both sides must not be empty. It does not search a lower-case copy, since
// letters such as the "İ" of İstanbul have another length there.
func index(name, separator string) int {
	for at := range name {
		end := at + len(separator)
		if end > len(name) {
			break
		}
		if strings.EqualFold(name[at:end], separator) && strings.TrimSpace(name[:at]) != "" && strings.TrimSpace(name[end:]) != "" {
			return at
		}
	}
	return -1
}
