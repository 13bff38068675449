package tokens

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Limits of an entry that its line does not say.
const (
	DefaultRate    = 1000 // lookups a second
	DefaultStreams = 200  // open streams
	// defaultBurst is the burst in seconds of the rate.
	defaultBurst = 2
)

// Bounds of a token file, beyond which something else was meant.
const (
	maxLine    = 4096
	maxName    = 100
	maxRate    = 1e9
	maxStreams = 1_000_000
)

// entry is a line of the file.
type entry struct {
	name    string
	hash    hash
	rate    float64 // lookups a second, infinite for "unlimited"
	burst   int
	streams int64
}

// hash is what the file holds of a token.
type hash [sha256.Size]byte

// parseFile reads all entries. Its errors name lines by number and quote nothing: a line may hold, by mistake, a token.
func parseFile(content []byte) ([]entry, error) {
	var all []entry
	var problems []error
	seen := make(map[hash]int)
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		e, err := parseLine(line)
		if err == nil && seen[e.hash] != 0 {
			err = fmt.Errorf("it is the token of line %d again", seen[e.hash])
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("line %d: %w", number, err))
			continue
		}
		seen[e.hash] = number
		all = append(all, e)
	}
	return all, errors.Join(problems...)
}

// parseLine reads "NAME sha256=HEX [rate=N|unlimited] [burst=N] [streams=N]".
func parseLine(line string) (entry, error) {
	words := strings.Fields(line)
	e := entry{name: words[0], rate: DefaultRate, streams: DefaultStreams}
	if len(line) > maxLine || len(e.name) > maxName || strings.Contains(e.name, "=") {
		return entry{}, fmt.Errorf("it does not begin with a name of at most %d bytes", maxName)
	}
	hashed := false
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "sha256":
			hashed = true
			err = e.setHash(value)
		case "rate":
			err = e.setRate(value)
		case "burst":
			var n int64
			n, err = count(value, math.MaxInt32)
			e.burst = int(n)
		case "streams":
			e.streams, err = count(value, maxStreams)
		default:
			err = errors.New("after the name come sha256=, rate=, burst= and streams=")
		}
		if err != nil {
			return entry{}, err
		}
	}
	if !hashed {
		return entry{}, errors.New("sha256= is missing (the token's hash, as the command token prints it)")
	}
	if e.burst == 0 {
		e.burst = int(min(math.Ceil(e.rate*defaultBurst), math.MaxInt32))
	}
	return e, nil
}

// setHash reads the value of sha256=, without quoting it in the error.
func (e *entry) setHash(value string) error {
	sum, err := hex.DecodeString(value)
	if err != nil || len(sum) != len(e.hash) {
		return fmt.Errorf("sha256= has %d characters (must be %d of hexadecimal)", len(value), hex.EncodedLen(len(e.hash)))
	}
	e.hash = hash(sum)
	return nil
}

// setRate reads the value of rate=.
func (e *entry) setRate(value string) error {
	if value == "unlimited" {
		e.rate = math.Inf(1)
		return nil
	}
	rate, err := strconv.ParseFloat(value, 64)
	if err != nil || !(rate > 0 && rate <= maxRate) {
		return fmt.Errorf("rate= must be above 0 and at most %g lookups a second, or unlimited", float64(maxRate))
	}
	e.rate = rate
	return nil
}

// count reads a whole number from 1 to most.
func count(value string, most int64) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("burst= and streams= must be whole numbers from 1 to %d", most)
	}
	return n, nil
}
