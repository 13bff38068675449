package recordedtest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
)

// Shuffle writes a JSON text anew with the members of its objects and the elements of its arrays in another order.
// Arrays that belong together element by element are named by their keys and keep theirs.
func Shuffle(tb testing.TB, body []byte, random *rand.Rand, keep ...string) []byte {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		tb.Fatalf("reading what is to be shuffled: %v", err)
	}
	var out bytes.Buffer
	var write func(value any, kept bool)
	write = func(value any, kept bool) {
		switch v := value.(type) {
		case map[string]any:
			keys := make([]string, 0, len(v))
			for key := range v {
				keys = append(keys, key)
			}
			slices.Sort(keys) // so that a seed tells the order
			random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			out.WriteByte('{')
			for i, key := range keys {
				if i > 0 {
					out.WriteByte(',')
				}
				write(key, false)
				out.WriteByte(':')
				write(v[key], slices.Contains(keep, key))
			}
			out.WriteByte('}')
		case []any:
			if !kept {
				random.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
			}
			out.WriteByte('[')
			for i, element := range v {
				if i > 0 {
					out.WriteByte(',')
				}
				write(element, false)
			}
			out.WriteByte(']')
		default:
			text, err := json.Marshal(v)
			if err != nil {
				tb.Fatalf("writing what was shuffled: %v", err)
			}
			out.Write(text)
		}
	}
	write(value, false)
	return out.Bytes()
}
