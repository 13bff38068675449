package mapping

import (
	"sort"
	"strconv"
	"strings"

	"github.com/oddscache/oddscache/services/scraper/internal/mapping/answer"
)

// Sizes of an example, so that a market of fifty players stays one line of a report.
const (
	maxExample       = 160
	exampleOutcomes  = 6
	maxExampleParams = 4
)

// example shows an offer with its prices, short. It depends on what the offer says, not on the order it says it in.
func example(o *Offer) string {
	var b strings.Builder
	params := make([]string, 0, len(o.Params))
	for _, p := range o.Params {
		params = append(params, p.Name+"="+p.Value)
	}
	sort.Strings(params)
	for _, p := range params[:min(len(params), maxExampleParams)] {
		b.WriteString(p)
		b.WriteByte(' ')
	}
	shown := make([]string, 0, len(o.Quotes))
	for i := range o.Quotes {
		q := &o.Quotes[i]
		text := string(q.Text)
		if text == "" {
			text = string(q.Code)
		}
		price := none
		if q.Price.Odds > 0 {
			price = strconv.FormatFloat(q.Price.Odds, 'g', 8, 64)
		}
		shown = append(shown, text+" "+price)
	}
	sort.Strings(shown)
	more := ""
	if len(shown) > exampleOutcomes {
		shown, more = shown[:exampleOutcomes], ", …"
	}
	b.WriteString(strings.Join(shown, ", "))
	b.WriteString(more)
	return answer.Cut(b.String(), maxExample)
}
