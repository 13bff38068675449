package catalogue

import "strconv"

// LineText is a line in goals: "2.5", "-1", "0".
func LineText(quarters int) string { return strconv.FormatFloat(float64(quarters)/4, 'f', -1, 64) }

// SignedLine is a line with its sign: "+0.5", "-1", "0".
func SignedLine(quarters int) string {
	if quarters > 0 {
		return "+" + LineText(quarters)
	}
	return LineText(quarters)
}
