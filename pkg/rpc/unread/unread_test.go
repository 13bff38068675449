package unread_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/mem"
	"pgregory.net/rapid"

	"github.com/oddscache/oddscache/pkg/rpc/unread"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const kB, mB = 1 << 10, 1 << 20

// sent is what gRPC has of a response.
func sent(t interface{ Fatal(args ...any) }, m *unread.Message) mem.BufferSlice {
	data, err := unread.Codec{}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// payload is a message of n bytes in parts.
func payload(n int, parts int) (data mem.BufferSlice) {
	for range parts {
		data = append(data, mem.SliceBuffer(make([]byte, n/parts)))
	}
	return data
}

// TestBudgetModel takes and gives back at random and compares with the package's invariants.
func TestBudgetModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const total = 8 * mB
		b := unread.New(unread.Limits{Total: total, PerConnection: mB, Connections: 64})
		type held struct {
			at   int
			data mem.BufferSlice
			size int64
		}
		var (
			connections [16]*unread.Connection
			open        []held
			sum         int64
		)
		for i := range connections {
			connections[i] = b.Open(func() {})
		}
		t.Repeat(map[string]func(*rapid.T){
			"respond": func(t *rapid.T) {
				at, own := rapid.IntRange(0, 15).Draw(t, "connection"), rapid.IntRange(1, 600*kB).Draw(t, "own")
				m, err := connections[at].Respond(payload(rapid.IntRange(0, 200*kB).Draw(t, "bytes"), 4), own)
				var full *unread.FullError
				switch {
				case errors.As(err, &full):
					if own < 8*kB && full.Unread < 8*kB {
						t.Fatalf("%d bytes of a connection's own part were rejected: %v", own, err)
					}
				case err != nil:
					t.Fatal(err)
				default:
					size := int64(own) + kB
					open, sum = append(open, held{at, sent(t, m), size}), sum+size
				}
			},
			"written": func(t *rapid.T) {
				if len(open) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				open[i].data.Free()
				sum -= open[i].size
				open = append(open[:i:i], open[i+1:]...)
			},
			"connection closed": func(t *rapid.T) {
				at := rapid.IntRange(0, 15).Draw(t, "connection")
				connections[at].Close()
				var left []held
				for _, h := range open {
					if h.at == at {
						sum -= h.size
						if rapid.Bool().Draw(t, "freed") { // gRPC frees some of them, and forgets others
							h.data.Free()
						}
						continue
					}
					left = append(left, h)
				}
				open, connections[at] = left, b.Open(func() {})
			},
			"": func(t *rapid.T) {
				if got := b.Unread(); got != sum || got > total {
					t.Fatalf("%d bytes are counted, %d are held, %d may be", got, sum, total)
				}
			},
		})
	})
}

// TestManyTakeAllTheyGet has connections one after the other take what they get, and never read. There has to be something
// for the next: so many lookups that wait at once, and so large a batch.
func TestManyTakeAllTheyGet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		connections, own int // of those who never read, and of each of their responses
		lookups, batch   int // of the next
	}{
		{50, 2 * kB, 250, 500 * kB},
		{50, 200 * kB, 250, 500 * kB},
		{50, 2 * mB, 100, 500 * kB},
		{50, 8 * mB, 100, 500 * kB},
		{128, 2 * kB, 12, 10 * kB}, // 32,000 lookups that nobody reads
		{128, 200 * kB, 100, 100 * kB},
		{128, 8 * mB, 100, 500 * kB},
		{4096, 200 * kB, 3, 5 * kB},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			b := unread.New(unread.Limits{Connections: 4096})
			var held []*unread.Message // or the collector would give them back
			take := func(c *unread.Connection, own int) error {
				m, err := c.Respond(payload(1, 1), own)
				held = append(held, m)
				return err
			}
			for range test.connections {
				c := b.Open(func() {})
				for range 250 { // streams
					if take(c, test.own) != nil {
						break
					}
				}
			}
			if got := b.Unread(); got > unread.DefaultTotal {
				t.Errorf("%d bytes are unread", got)
			}
			late, lookups := b.Open(func() {}), 0
			for lookups < test.lookups && late.Check() == nil && take(late, 2*kB) == nil {
				lookups++
			}
			if lookups < test.lookups {
				t.Errorf("who comes later gets %d lookups, want %d", lookups, test.lookups)
			}
			if err := take(b.Open(func() {}), test.batch); err != nil {
				t.Errorf("who comes later gets no batch: %v", err)
			}
			runtime.KeepAlive(held)
		})
	}
}

// TestOneConnectionAlone may have much, and large responses.
func TestOneConnectionAlone(t *testing.T) {
	t.Parallel()
	b := unread.New(unread.Limits{Connections: 4096})
	large, err := b.Open(func() {}).Respond(payload(1, 1), 24*mB)
	if err != nil {
		t.Error(err)
	}
	b = unread.New(unread.Limits{Connections: 4096})
	c := b.Open(func() {})
	held := []*unread.Message{large}
	for i := range 50 {
		m, err := c.Respond(payload(1, 1), 250*kB)
		if err != nil {
			t.Fatalf("batch %d: %v", i, err)
		}
		held = append(held, m)
	}
	runtime.KeepAlive(held)
}

// TestForgottenMessagesAreFound drops a message without freeing it, as gRPC does on a stream that just ends.
func TestForgottenMessagesAreFound(t *testing.T) {
	t.Parallel()
	b := unread.New(unread.Limits{Connections: 1})
	c := b.Open(func() {})
	for range 100 {
		if _, err := c.Respond(payload(200*kB, 8), 100*kB); err != nil && b.Unread() == 0 {
			t.Fatal(err)
		}
	}
	if b.Unread() == 0 {
		t.Fatal("nothing was counted")
	}
	for until := time.Now().Add(20 * time.Second); b.Unread() > 0; runtime.GC() {
		if time.Now().After(until) {
			t.Fatalf("%d bytes of messages that nobody has are counted", b.Unread())
		}
	}
	runtime.KeepAlive(c)
}

// TestStreamsWaitForRoom fills a connection by messages of streams.
func TestStreamsWaitForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := unread.New(unread.Limits{Connections: 1, PerConnection: mB})
		c := b.Open(func() {})
		first, err := c.Send(t.Context(), payload(1, 1), mB, false)
		if err != nil {
			t.Fatal(err)
		}
		data := sent(t, first)
		response, err := c.Respond(payload(1, 1), 100*kB)
		if err != nil {
			t.Errorf("responses are rejected because streams are full: %v", err)
		}
		var second error
		waited := make(chan struct{})
		go func() { // ends when there is room
			_, second = c.Send(context.Background(), payload(1, 1), 32*mB, false)
			close(waited)
		}()
		ctx, cancel := context.WithCancelCause(t.Context())
		third := make(chan error)
		go func() { // ends by cancel
			_, err := c.Send(ctx, payload(1, 1), 33*mB, false)
			third <- err
		}()
		synctest.Wait()
		select {
		case <-waited:
			t.Fatal("a message did not wait for room")
		default:
		}
		why := errors.New("the server stops")
		cancel(why)
		if err := <-third; !errors.Is(err, why) {
			t.Errorf("waiting ended with %v", err)
		}
		data.Free()
		synctest.Wait()
		<-waited
		if second != nil {
			t.Error(second)
		}
		runtime.KeepAlive(response) // the collector is not of the bubble
	})
}
