package rawpb_test

import (
	"bytes"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

func TestCodecPassesBytesThrough(t *testing.T) {
	t.Parallel()
	codec := rawpb.NewCodec()
	first, second := []byte("\x0a\x03"), []byte("123")
	data, err := codec.Marshal(rawpb.New(first, second))
	if err != nil || len(data) != 2 || &data[1].ReadOnlyData()[0] != &second[0] {
		t.Fatalf("marshalled to %d buffers, %v, or copied", len(data), err)
	}
	var event oddscachev1.Event
	if err := codec.Unmarshal(data, &event); err != nil || event.GetSrId() != "123" {
		t.Fatalf("read %v, %v", &event, err)
	}
	var raw rawpb.Message
	if err := codec.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	second[0] = 'x' // what was received belongs to the receiver
	if got := raw.Bytes(); !bytes.Equal(got, []byte("\x0a\x03123")) {
		t.Errorf("received %q", got)
	}
}

func TestPooledBytesAreACopy(t *testing.T) {
	t.Parallel()
	codec := rawpb.NewCodec()
	first, second := []byte("abc"), []byte("def")
	var pooled rawpb.Pooled
	if err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(first), mem.SliceBuffer(second)}, &pooled); err != nil {
		t.Fatal(err)
	}
	second[0] = 'x' // the transport goes on using its own
	if got := pooled.Bytes(); string(got) != "abcdef" {
		t.Errorf("received %q", got)
	}
	pooled.Free()
}

func TestCodecLeavesMessagesToProtobuf(t *testing.T) {
	t.Parallel()
	codec := rawpb.NewCodec()
	want := &oddscachev1.Event{SrId: "68995116"}
	data, err := codec.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := &oddscachev1.Event{}
	if err := codec.Unmarshal(data, got); err != nil || !proto.Equal(want, got) {
		t.Errorf("read %v, %v", got, err)
	}
	if err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer("\xff")}, got); err == nil {
		t.Error("garbage was read")
	}
	if _, err := codec.Marshal("no message"); err == nil {
		t.Error("a string was marshalled")
	}
	if codec.Name() != "proto" {
		t.Errorf("name is %q", codec.Name())
	}
}

func TestBytesCopiesOnlyWhenItMust(t *testing.T) {
	t.Parallel()
	one := []byte("one")
	if got := rawpb.New(one).Bytes(); &got[0] != &one[0] {
		t.Error("one buffer was copied")
	}
	if got := rawpb.New(one, []byte(" two")).Bytes(); string(got) != "one two" {
		t.Errorf("two buffers became %q", got)
	}
	if got := rawpb.New().Bytes(); len(got) != 0 {
		t.Errorf("no buffer became %q", got)
	}
}
