// Package jsonscan walks over JSON that others wrote without believing its types: every value is visited where it
// stands, and a value of an unexpected type is skipped by whoever meets it, so that one broken market never takes a
// whole answer along. It also sees a member that is written twice, which encoding/json hides.
//
// It is not a general decoder: it fills no structs and writes nothing. Answers whose shape can be trusted are better
// read with encoding/json. The syntax is that of jsontext, which becomes encoding/json/jsontext in Go 1.27.
package jsonscan

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Cursor stands before a value of a JSON text. It is not safe for concurrent use.
type Cursor struct {
	text    []byte
	decoder *jsontext.Decoder
	err     error // the first one; after it nothing is consumed any more
}

// errTrailing reports that the value is not all that the text holds.
var errTrailing = errors.New("a second value")

// Read calls read with a cursor before the value of text, and reports an error unless text is one valid JSON value and
// nothing else: an empty body, HTML, a truncated answer. The text is checked while it is read, so that what read has
// gathered counts for nothing when there is an error. What read does not consume is checked as well.
//
// Bytes are read in place, so text must not change while anything that read kept of it is in use.
func Read(text []byte, read func(*Cursor)) error {
	c := &Cursor{text: text, decoder: jsontext.NewDecoder(bytes.NewBuffer(text),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	read(c)
	if c.decoder.InputOffset() == 0 {
		c.Skip()
	}
	if c.err != nil {
		return c.err
	}
	switch _, err := c.decoder.ReadToken(); {
	case err == nil:
		return errTrailing
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err //nolint:wrapcheck // it says all there is to say
	}
}

// Object visits the members of an object: member is called with the key, the cursor standing before the value. What
// member does not consume is skipped. Object reports false, and consumes nothing, when the value is no object. The
// key is valid during the call only.
func (c *Cursor) Object(member func(key []byte)) bool {
	if !c.open(jsontext.KindBeginObject) {
		return false
	}
	for c.more(jsontext.KindEndObject) {
		key := c.scalar()
		if c.err != nil {
			break
		}
		before := c.decoder.InputOffset()
		member(key)
		if c.decoder.InputOffset() == before {
			c.Skip()
		}
	}
	return true
}

// Array visits the elements of an array, the cursor standing before each. What element does not consume is skipped.
// Array reports false, and consumes nothing, when the value is no array.
func (c *Cursor) Array(element func()) bool {
	if !c.open(jsontext.KindBeginArray) {
		return false
	}
	for c.more(jsontext.KindEndArray) {
		before := c.decoder.InputOffset()
		element()
		if c.decoder.InputOffset() == before {
			c.Skip()
		}
	}
	return true
}

// Skip consumes the value, whatever it is.
func (c *Cursor) Skip() {
	if c.err == nil {
		_, c.err = c.decoder.ReadValue()
	}
}

// Scalar consumes a string, number, true, false or null and returns it. For an object or an array it consumes
// nothing and returns a Composite.
func (c *Cursor) Scalar() Scalar {
	if c.err != nil {
		return Scalar{}
	}
	var kind Kind
	switch c.decoder.PeekKind() {
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		return Scalar{kind: Composite}
	case jsontext.KindString:
		kind = String
	case jsontext.KindNumber:
		kind = Number
	case jsontext.KindTrue:
		kind = True
	case jsontext.KindFalse:
		kind = False
	case jsontext.KindNull:
		kind = Null
	case jsontext.KindInvalid, jsontext.KindEndObject, jsontext.KindEndArray: // no value: reading one says so
	}
	return Scalar{kind: kind, text: c.scalar()}
}

// open consumes the beginning of an object or an array, and reports false when the value is something else.
func (c *Cursor) open(begin jsontext.Kind) bool {
	if c.err != nil || c.decoder.PeekKind() != begin {
		return false
	}
	_, c.err = c.decoder.ReadToken()
	return true
}

// more reports whether another value stands before the end, and consumes the end when there is none.
func (c *Cursor) more(end jsontext.Kind) bool {
	if c.err != nil {
		return false
	}
	switch c.decoder.PeekKind() {
	case end, jsontext.KindInvalid:
		_, c.err = c.decoder.ReadToken()
		return false
	default:
		return true
	}
}

// scalar consumes a value that is neither object nor array, and returns the content of a string or the spelling of
// anything else.
func (c *Cursor) scalar() []byte {
	value, err := c.decoder.ReadValue()
	if err != nil {
		c.err = err
		return nil
	}
	// The decoder's own slice is valid until it reads on; the text stays.
	end := int(c.decoder.InputOffset())
	text := c.text[end-len(value) : end]
	if text[0] != '"' {
		return text
	}
	if bytes.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1]
	}
	unquoted, _ := jsontext.AppendUnquote(nil, text) // an error means invalid UTF-8, which was replaced
	return unquoted
}
