package catalogue

// Sport tells football from the sports that are there to be left alone.
type Sport int

// The sports.
const (
	Football Sport = iota
	Basketball
	Tennis
	SportCount
)

// SportWords is how the bookmakers call a sport.
type SportWords struct {
	BetpawaID, BetpawaName string
	SportyID, SportyName   string
	NineID, NineName       string
	ninePrefix             string // of Bet9ja's market keys
}

// Words are how the bookmakers call the sport.
func (s Sport) Words() SportWords {
	return [SportCount]SportWords{
		{"2", "Football", "sr:sport:1", "Football", "1", "Soccer", "S_"},
		{"3", "Basketball", "sr:sport:2", "Basketball", "2", "Basketball", "B_"},
		{"452", "Tennis", "sr:sport:5", "Tennis", "5", "Tennis", "T_"},
	}[s]
}
