package jsonscan

// MaxDepth is how deep objects and arrays may be nested, the limit of encoding/json as well. Answers of the bookmakers
// have less than ten levels.
const MaxDepth = 10_000

// Valid reports whether text is one JSON value and nothing else. It says what json.Valid says (the fuzz target
// compares them) in a fraction of the time: checking a large answer took longer than reading it.
func Valid(text []byte) bool {
	v := validator{text: text}
	v.space()
	if !v.value() {
		return false
	}
	v.space()
	return v.at == len(text)
}

type validator struct {
	text []byte
	at   int
	open []byte // the closing bracket of every object and array that is open
}

// value consumes a value with all that is in it. It does not recurse, so that nesting costs a byte a level.
func (v *validator) value() bool {
	for {
		within, ok := v.begin()
		for more := within; ok && !more; {
			if len(v.open) == 0 {
				return true
			}
			more, ok = v.behind()
		}
		if !ok {
			return false
		}
	}
}

// begin consumes a scalar, an empty object or array, or the beginning of one that is not empty, up to its first
// value; then within is true.
func (v *validator) begin() (within, ok bool) {
	switch v.peek() {
	case '{':
		if !v.push('}') {
			return false, false
		}
		if v.peek() != '}' {
			return true, v.key()
		}
		v.pop()
	case '[':
		if !v.push(']') {
			return false, false
		}
		if v.peek() != ']' {
			return true, true
		}
		v.pop()
	default:
		return false, v.scalar()
	}
	return false, true
}

// behind consumes what follows a value within an object or array: a comma up to the next value, then more is true, or
// the closing bracket.
func (v *validator) behind() (more, ok bool) {
	v.space()
	closing := v.open[len(v.open)-1]
	switch v.peek() {
	case ',':
		v.at++
		v.space()
		return true, closing != '}' || v.key()
	case closing:
		v.pop()
		return false, true
	default:
		return false, false
	}
}

// push consumes an opening bracket and the space behind it.
func (v *validator) push(closing byte) bool {
	v.open = append(v.open, closing)
	v.at++
	v.space()
	return len(v.open) <= MaxDepth
}

// pop consumes the closing bracket.
func (v *validator) pop() {
	v.open = v.open[:len(v.open)-1]
	v.at++
}

// key consumes a member's key, the colon and the space behind it.
func (v *validator) key() bool {
	if v.peek() != '"' || !v.str() {
		return false
	}
	v.space()
	if v.peek() != ':' {
		return false
	}
	v.at++
	v.space()
	return true
}

func (v *validator) scalar() bool {
	switch b := v.peek(); b {
	case '"':
		return v.str()
	case 't':
		return v.word("true")
	case 'f':
		return v.word("false")
	case 'n':
		return v.word("null")
	default:
		return v.number()
	}
}

// str consumes a string. Its bytes need not be UTF-8.
func (v *validator) str() bool {
	text := v.text
	for i := v.at + 1; i < len(text); i++ {
		switch b := text[i]; {
		case b == '"':
			v.at = i + 1
			return true
		case b < ' ':
			return false
		case b == '\\':
			i++
			if i >= len(text) {
				return false
			}
			switch text[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					if i++; i >= len(text) || !hex(text[i]) {
						return false
					}
				}
			default:
				return false
			}
		}
	}
	return false
}

func hex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

func (v *validator) word(word string) bool {
	if len(v.text)-v.at < len(word) || string(v.text[v.at:v.at+len(word)]) != word {
		return false
	}
	v.at += len(word)
	return true
}

// number consumes -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
func (v *validator) number() bool {
	if v.peek() == '-' {
		v.at++
	}
	if v.peek() == '0' {
		v.at++
	} else if !v.digits() {
		return false
	}
	if v.peek() == '.' {
		v.at++
		if !v.digits() {
			return false
		}
	}
	if b := v.peek(); b == 'e' || b == 'E' {
		v.at++
		if b := v.peek(); b == '+' || b == '-' {
			v.at++
		}
		return v.digits()
	}
	return true
}

func (v *validator) digits() bool {
	from := v.at
	for b := v.peek(); b >= '0' && b <= '9'; b = v.peek() {
		v.at++
	}
	return v.at > from
}

func (v *validator) peek() byte {
	if v.at >= len(v.text) {
		return 0
	}
	return v.text[v.at]
}

func (v *validator) space() {
	for v.at < len(v.text) {
		switch v.text[v.at] {
		case ' ', '\t', '\r', '\n':
			v.at++
		default:
			return
		}
	}
}
