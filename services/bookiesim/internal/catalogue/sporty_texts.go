package catalogue

import "strings"

// SportyTexts is what SportyBet writes about a market at one line. Team names are still to be filled into desc.
type SportyTexts struct {
	Specifier, Desc string
	Outcomes        []string
}

// spellOut makes the texts of a market at one line.
func (m *Market) spellOut(line int) SportyTexts {
	hcp, other := goals(line), ""
	if m.Kind == AsianHandicap {
		hcp, other = shownHandicap(line), shownHandicap(-line)
	}
	fill := strings.NewReplacer("{line}", LineText(line), "{hcp}", hcp, "{-hcp}", other)
	t := SportyTexts{Specifier: m.specifier(line), Desc: fill.Replace(m.Sporty.desc)}
	for i := range m.Outcomes {
		t.Outcomes = append(t.Outcomes, fill.Replace(m.Outcomes[i].sportyText))
	}
	return t
}

// specifier is the line as SportyBet keys it: total=2.5, hcp=-0.5, hcp=0:1.
func (m *Market) specifier(line int) string {
	switch {
	case m.Sporty.specifier != "":
		return m.Sporty.specifier
	case m.Kind == TotalLine:
		return "total=" + LineText(line)
	case m.Kind == AsianHandicap:
		return "hcp=" + LineText(line)
	case m.Kind == EuroHandicap:
		return "hcp=" + goals(line)
	default:
		return ""
	}
}

// goals is a European handicap as the goals that each side starts with: 0:1, 2:0.
func goals(quarters int) string {
	if quarters < 0 {
		return "0:" + LineText(-quarters)
	}
	return LineText(quarters) + ":0"
}

// shownHandicap is a two-way handicap as the texts show it: +0.5, -1.0, 0. The specifier says -1.
func shownHandicap(quarters int) string {
	if quarters != 0 && quarters%4 == 0 {
		return SignedLine(quarters) + ".0"
	}
	return SignedLine(quarters)
}
