// Package jsonscan walks over JSON that others wrote without believing its types: every value is visited where it
// stands, and a value of an unexpected type is skipped by whoever meets it, so that one broken market never takes a
// whole answer along. It also sees a member that is written twice, which encoding/json hides.
//
// It is not a general decoder: it fills no structs and writes nothing. Answers whose shape can be trusted are better
// read with encoding/json.
package jsonscan

import (
	"bytes"
	"encoding/json"
)

// Cursor stands before a value of a JSON text that is known to be valid. It is not safe for concurrent use.
type Cursor struct {
	text []byte
	at   int
}

// New checks that text is one valid JSON value and stands before it. It reports false for anything else: an empty
// body, HTML, a truncated answer. The cursor reads text in place, so text must not change meanwhile.
func New(text []byte) (*Cursor, bool) {
	if !Valid(text) {
		return nil, false
	}
	c := &Cursor{text: text}
	c.space()
	return c, true
}

// Object visits the members of an object: member is called with the key, the cursor standing before the value. What
// member does not consume is skipped. Object reports false, and consumes nothing, when the value is no object. The
// key is valid during the call only.
func (c *Cursor) Object(member func(key []byte)) bool {
	if c.peek() != '{' {
		return false
	}
	c.at++
	for c.space(); c.peek() != '}'; c.space() {
		if c.peek() == ',' {
			c.at++
			c.space()
		}
		key := c.str()
		c.space()
		c.at++ // the colon
		c.space()
		before := c.at
		member(key)
		if c.at == before {
			c.Skip()
		}
	}
	c.at++
	return true
}

// Array visits the elements of an array, the cursor standing before each. What element does not consume is skipped.
// Array reports false, and consumes nothing, when the value is no array.
func (c *Cursor) Array(element func()) bool {
	if c.peek() != '[' {
		return false
	}
	c.at++
	for c.space(); c.peek() != ']'; c.space() {
		if c.peek() == ',' {
			c.at++
			c.space()
		}
		before := c.at
		element()
		if c.at == before {
			c.Skip()
		}
	}
	c.at++
	return true
}

// Skip consumes the value, whatever it is.
func (c *Cursor) Skip() {
	depth := 0
	for {
		switch c.peek() {
		case '"':
			c.skipString()
		case '{', '[':
			depth++
			c.at++
		case '}', ']':
			depth--
			c.at++
		case ',', ':', ' ', '\t', '\r', '\n':
			c.at++
			continue
		default:
			c.literal()
		}
		if depth == 0 {
			return
		}
	}
}

// Scalar consumes a string, number, true, false or null and returns it. For an object or an array it consumes
// nothing and returns a Composite.
func (c *Cursor) Scalar() Scalar {
	switch b := c.peek(); b {
	case '{', '[':
		return Scalar{kind: Composite}
	case '"':
		return Scalar{kind: String, text: c.str()}
	default:
		word := c.literal()
		switch b {
		case 't':
			return Scalar{kind: True, text: word}
		case 'f':
			return Scalar{kind: False, text: word}
		case 'n':
			return Scalar{kind: Null, text: word}
		}
		return Scalar{kind: Number, text: word}
	}
}

// peek is the next byte, 0 at the end.
func (c *Cursor) peek() byte {
	if c.at >= len(c.text) {
		return 0
	}
	return c.text[c.at]
}

func (c *Cursor) space() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return
		}
	}
}

// literal consumes a number, true, false or null.
func (c *Cursor) literal() []byte {
	from := c.at
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ',', ':', '}', ']', ' ', '\t', '\r', '\n':
			return c.text[from:c.at]
		}
		c.at++
	}
	return c.text[from:]
}

// skipString consumes a string and reports whether it contains escapes.
func (c *Cursor) skipString() (escaped bool) {
	c.at++
	for {
		rest := c.text[c.at:]
		quote := bytes.IndexByte(rest, '"')
		slash := bytes.IndexByte(rest[:quote], '\\')
		if slash < 0 {
			c.at += quote + 1
			return escaped
		}
		escaped = true
		c.at += slash + 2
	}
}

// str consumes a string and returns its content.
func (c *Cursor) str() []byte {
	from := c.at
	if !c.skipString() {
		return c.text[from+1 : c.at-1]
	}
	var s string
	if err := json.Unmarshal(c.text[from:c.at], &s); err != nil {
		return nil // cannot be: the text is valid
	}
	return []byte(s)
}
