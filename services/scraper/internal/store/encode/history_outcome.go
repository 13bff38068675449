package encode

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// appendOutcomes appends the history's form of outcomes: [["1",2.1],["2",3.55,false]].
func appendOutcomes(b []byte, outcomes []odds.Outcome) []byte {
	b = append(b, '[')
	for i := range outcomes {
		o := &outcomes[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = appendName(append(b, '['), o.Name)
		b = strconv.AppendFloat(append(b, ','), o.Odds, 'f', -1, 64)
		if !o.Active {
			b = append(b, ",false"...)
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

// appendName appends a JSON string. Names are UTF-8, and all but a few need no escape.
func appendName(b []byte, name string) []byte {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(name) //nolint:errchkjson // a string can always be encoded
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), name...), '"')
}

// errOutcomes reports that a row's outcomes have another form than appendOutcomes gives them.
var errOutcomes = errors.New("outcome is not a name, odds and perhaps false")

// ReadOutcomes is the inverse of appendOutcomes.
func ReadOutcomes(text []byte) ([]odds.Outcome, error) {
	var rows [][]any
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	outcomes := make([]odds.Outcome, len(rows))
	for i, row := range rows {
		if len(row) != 2 && len(row) != 3 {
			return nil, errOutcomes
		}
		name, named := row[0].(string)
		price, priced := row[1].(float64)
		if !named || !priced || len(row) == 3 && row[2] != false {
			return nil, errOutcomes
		}
		outcomes[i] = odds.Outcome{Name: name, Odds: price, Active: len(row) == 2}
	}
	return outcomes, nil
}
