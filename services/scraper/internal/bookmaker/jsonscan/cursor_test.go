package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/jsonscan"
)

// read walks over a whole value and builds what encoding/json would. A member that is written twice counts as
// encoding/json counts it: the last one.
func read(c *jsonscan.Cursor) any {
	object := map[string]any{}
	if c.Object(func(key []byte) { object[string(key)] = read(c) }) {
		return object
	}
	array := []any{}
	if c.Array(func() { array = append(array, read(c)) }) {
		return array
	}
	s := c.Scalar()
	switch s.Kind() {
	case jsonscan.String:
		return string(s.Bytes())
	case jsonscan.Number:
		return json.Number(s.Bytes())
	case jsonscan.True, jsonscan.False:
		value, _ := s.Bool()
		return value
	default:
		return nil
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{
		``, `{`, `null`, ` [ ] `, `{ }`, `{"a":{"b":[1,-2.5e3,"x\"y",true,false,null]},"c":"\u00e9\\"}`,
		`[[[]],{},"",0]`, `[1,]`, `{"a":1,}`, `{,}`, `01`, `-`, `1.`, `1e+`, `tru`, `"\x"`, `"\u12"`, `[1}`, `{"a" 1}`, `1 2`, "{\"a\"\t:\n[1 , 2]\r}", `{"a":1,"a":2}`, `"\ud800"`, `{"\u0061":1}`, "\"\xff\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got any
		err := jsonscan.Read(text, func(c *jsonscan.Cursor) { got = read(c) })
		if (err == nil) != json.Valid(text) {
			t.Fatalf("%v, encoding/json says %t", err, json.Valid(text))
		}
		skipped := jsonscan.Read(text, func(c *jsonscan.Cursor) { c.Skip() })
		unread := jsonscan.Read(text, func(*jsonscan.Cursor) {})
		if (skipped == nil) != (err == nil) || (unread == nil) != (err == nil) {
			t.Fatalf("%v when read, %v when skipped, %v when not read at all", err, skipped, unread)
		}
		if err != nil {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if !bytes.ContainsRune(text, '\ufffd') && bytes.Equal(text, bytes.ToValidUTF8(text, nil)) {
			// Not go-cmp, which takes time that doubles with every level of nesting.
			if !reflect.DeepEqual(want, got) {
				t.Fatalf("read %v, want %v", got, want)
			}
		}
	})
}

// TestRead_Depth shows that nesting is bounded, and where: a body of brackets alone must not exhaust the stack.
func TestRead_Depth(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{1: true, 10_000: true, 10_001: false, 4 << 20: false} {
		for _, text := range []string{
			strings.Repeat("[", n) + strings.Repeat("]", n),
			strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n),
		} {
			for name, visit := range map[string]func(*jsonscan.Cursor){
				"read":    func(c *jsonscan.Cursor) { read(c) },
				"skipped": (*jsonscan.Cursor).Skip,
			} {
				if err := jsonscan.Read([]byte(text), visit); (err == nil) != want {
					t.Errorf("%d levels of %.5s, %s: %v", n, text, name, err)
				}
			}
		}
	}
}

// TestRead_CutOff shows that a text is an error wherever it is cut off, and with anything behind its value.
func TestRead_CutOff(t *testing.T) {
	t.Parallel()
	const text = `{"a":[1,{"b":"c\"d"},null],"e":{"f":-2.5}}`
	for n := range len(text) {
		var got any
		if err := jsonscan.Read([]byte(text[:n]), func(c *jsonscan.Cursor) { got = read(c) }); err == nil {
			t.Errorf("%s was read as %v", text[:n], got)
		}
	}
	if err := jsonscan.Read([]byte(text+" 1"), (*jsonscan.Cursor).Skip); err == nil {
		t.Error("a second value is no error")
	}
}

// TestCursor_Unconsumed shows that what a callback leaves alone does not disturb what follows.
func TestCursor_Unconsumed(t *testing.T) {
	t.Parallel()
	const text = `{"skip":{"deep":[1,{"x":"]}"}]},"wrong":"text","list":[7,{"id":"a"},[],{"id":"b"}],"last":3}`
	var ids []string
	var last int64
	err := jsonscan.Read([]byte(text), func(c *jsonscan.Cursor) {
		c.Object(func(key []byte) {
			switch string(key) {
			case "wrong":
				if c.Array(func() {}) || c.Object(func([]byte) {}) {
					t.Error("a string was taken for an array or an object")
				}
			case "list":
				c.Array(func() {
					c.Object(func([]byte) { ids = append(ids, c.Scalar().Text()) })
				})
			case "last":
				last, _ = c.Scalar().Int()
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, ids); diff != "" || last != 3 {
		t.Errorf("last %d, ids %s", last, diff)
	}
}

func TestScalar(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text    string
		kind    jsonscan.Kind
		float   float64
		isFloat bool
		whole   int64
		isWhole bool
		flag    bool
		isFlag  bool
	}{
		{`2.41`, jsonscan.Number, 2.41, true, 0, false, false, false},
		{`"2.41"`, jsonscan.String, 2.41, true, 0, false, false, false},
		{`1`, jsonscan.Number, 1, true, 1, true, true, true},
		{`"0"`, jsonscan.String, 0, true, 0, true, false, true},
		{`-0`, jsonscan.Number, 0, true, 0, true, false, false},
		{`1e3`, jsonscan.Number, 1000, true, 0, false, false, false},
		{`1e999`, jsonscan.Number, 0, false, 0, false, false, false},
		{`"NaN"`, jsonscan.String, 0, false, 0, false, false, false},
		{`"-Inf"`, jsonscan.String, 0, false, 0, false, false, false},
		{`".5"`, jsonscan.String, 0.5, true, 0, false, false, false},
		{`"5."`, jsonscan.String, 5, true, 0, false, false, false},
		{`"1.2.3"`, jsonscan.String, 0, false, 0, false, false, false},
		{`""`, jsonscan.String, 0, false, 0, false, false, false},
		{`123456789012345678`, jsonscan.Number, 123456789012345678, true, 123456789012345678, true, false, false},
		{`true`, jsonscan.True, 0, false, 0, false, true, true},
		{`"false"`, jsonscan.String, 0, false, 0, false, false, true},
		{`null`, jsonscan.Null, 0, false, 0, false, false, false},
		{`{}`, jsonscan.Composite, 0, false, 0, false, false, false},
	}
	for _, tt := range tests {
		var s jsonscan.Scalar
		if err := jsonscan.Read([]byte(tt.text), func(c *jsonscan.Cursor) { s = c.Scalar() }); err != nil {
			t.Fatalf("reading %s: %v", tt.text, err)
		}
		float, isFloat := s.Float()
		whole, isWhole := s.Int()
		flag, isFlag := s.Bool()
		if s.Kind() != tt.kind || float != tt.float || isFloat != tt.isFloat || whole != tt.whole ||
			isWhole != tt.isWhole || flag != tt.flag || isFlag != tt.isFlag {
			t.Errorf("%s: kind %d, float %g %t, int %d %t, bool %t %t", tt.text, s.Kind(), float, isFloat, whole, isWhole, flag, isFlag)
		}
	}
	if text := (jsonscan.Scalar{}).Text(); text != "" {
		t.Errorf("a missing scalar says %q", text)
	}
}
