package feedlog

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// eachBytes is eachField for the length-delimited fields alone.
func eachBytes(b []byte, do func(num protowire.Number, value []byte) error) error {
	return eachField(b, func(num protowire.Number, typ protowire.Type, value []byte) error {
		if typ != protowire.BytesType {
			return nil
		}
		return do(num, value)
	})
}

// eachField calls do for every field of an encoded message in its order, with what a length-delimited field holds and with
// the bytes of any other. It returns do's errors, and one for bytes that are no message. value aliases b.
func eachField(b []byte, do func(num protowire.Number, typ protowire.Type, value []byte) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("reading a tag: %w", protowire.ParseError(n))
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return fmt.Errorf("reading field %d: %w", num, protowire.ParseError(m))
		}
		value := b[n : n+m]
		if typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		if err := do(num, typ, value); err != nil {
			return err
		}
		b = b[n+m:]
	}
	return nil
}
