package jsonscan

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Kind is the type of a scalar.
type Kind uint8

// The kinds. The zero Kind is Missing.
const (
	Missing Kind = iota
	Null
	String
	Number
	True
	False
	Composite // an object or an array, of which a Scalar says no more
)

// Scalar is a string, a number, a boolean or null. Its bytes belong to the text it was read from.
type Scalar struct {
	kind Kind
	text []byte
}

// Kind is the type of s.
func (s Scalar) Kind() Kind { return s.kind }

// Bytes is the content of a string or the spelling of a number, and nil for anything else: bookmakers write ids and
// prices now as one, now as the other. The bytes must not be changed.
func (s Scalar) Bytes() []byte {
	if s.kind == String || s.kind == Number {
		return s.text
	}
	return nil
}

// Text is Bytes as a string of its own, with invalid UTF-8 replaced.
func (s Scalar) Text() string {
	b := s.Bytes()
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}

// Bool reads a flag written as a boolean, as 0 or 1, or as a string of either. ok is false for anything else.
func (s Scalar) Bool() (value, ok bool) {
	switch s.kind {
	case True:
		return true, true
	case False:
		return false, true
	default:
	}
	switch string(s.Bytes()) {
	case "1", "true":
		return true, true
	case "0", "false":
		return false, true
	}
	return false, false
}

// Int reads a whole number written as a number or a string. ok is false for anything else, fractions included.
func (s Scalar) Int() (value int64, ok bool) {
	n, err := strconv.ParseInt(string(s.Bytes()), 10, 64)
	return n, err == nil
}

// Float reads a finite decimal written as a number or a string. ok is false for anything else, NaN and infinities
// included.
func (s Scalar) Float() (value float64, ok bool) {
	f, err := strconv.ParseFloat(string(s.Bytes()), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}
