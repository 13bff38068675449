package security

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/oddscache/oddscache/pkg/auth/tokens"
	"github.com/oddscache/oddscache/pkg/oddsclient"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/cluster"
)

// slow is attempts to hold what others need, by doing nothing.
func slow() []attempt {
	return []attempt{
		{"cache: 20 connections that crawl through TLS, HTTP/2 or say nothing (slow-loris)", "the connection is closed", crawl},
		{"cache: half of each of 100 messages, and nothing more", "the stream ends at its deadline", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			for i := range maxStreams {
				if err := s.open(w, uint32(2*i+1), getEvent, "grpc-timeout", "1S"); err != nil {
					return met(err)
				}
				if err := w.framer.WriteData(uint32(2*i+1), false, message(false, 100, []byte("half"))); err != nil {
					return met(err)
				}
			}
			s.lookup(t)
			how := w.response(2*(maxStreams-1) + 1)
			if how != "RST_STREAM CANCEL" && !strings.HasPrefix(how, "DEADLINE_EXCEEDED") { // whichever comes first
				return how
			}
			return "the stream ends at its deadline"
		}},
		{"cache: half a message without a deadline, and one stream more than allowed", "holds its streams; beyond them: RST_STREAM REFUSED_STREAM", func(t *testing.T, s *testbed) string {
			w := s.wire(t)
			for i := range maxStreams + 1 {
				if err := s.open(w, uint32(2*i+1), getEvent); err != nil {
					return met(err)
				}
				if err := w.framer.WriteData(uint32(2*i+1), false, message(false, 100, []byte("half"))); err != nil {
					return met(err)
				}
			}
			s.lookup(t)
			return "holds its streams; beyond them: " + w.response(2*maxStreams+1)
		}},
		{"cache: a LookupEvents client that never reads", "its requests are not taken any more; nothing piles up", neverReads},
		{"cache: 300 connections from one address", "all beyond 60: the connection is closed; another address gets in", crowd},
		{"scraper admin: a request that crawls", "the connection is closed", func(t *testing.T, s *testbed) string {
			conn, err := s.secure(t, s.scraperAdmin, s.as(t))
			if err != nil {
				return met(err)
			}
			return trickle(t, conn, "GET /healthz HTTP/1.1\r\nX: "+string(make([]byte, 1000)))
		}},
	}
}

// crawl opens connections that send a byte now and then, and waits until all are closed.
func crawl(t *testing.T, s *testbed) string {
	ended := make(chan string)
	const each = 7
	for range each {
		go func() {
			ended <- trickle(t, s.tcp(t, s.cache), "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+string(make([]byte, 1000)))
		}()
		go func() {
			conn, err := s.secure(t, s.cache, s.as(t), "h2")
			if err != nil {
				ended <- met(err)
				return
			}
			ended <- trickle(t, conn, http2.ClientPreface)
		}()
		go func() {
			conn := s.tcp(t, s.cache)
			_, err := conn.Read(make([]byte, 1))
			ended <- met(err)
		}()
	}
	s.lookup(t)
	all := make(map[string]int)
	for range 3 * each {
		all[<-ended]++
	}
	if len(all) != 1 {
		t.Errorf("they end in different ways: %v", all)
	}
	for how := range all {
		return how
	}
	return ""
}

// trickle sends a byte every half second until the connection ends, and returns how it did.
func trickle(t *testing.T, conn net.Conn, text string) string {
	t.Helper()
	ended := make(chan error, 1)
	go func() { // ends with the connection
		var err error
		for b := make([]byte, 1000); err == nil; {
			_, err = conn.Read(b)
		}
		ended <- err
	}()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case err := <-ended:
			return met(err)
		case <-tick.C:
			_, _ = io.WriteString(conn, text[i%len(text):i%len(text)+1]) // the reader sees how it ends
		case <-t.Context().Done():
			return "the test ended"
		}
	}
}

// neverReads asks and asks until the cache takes no more.
func neverReads(t *testing.T, s *testbed) string {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	conn := s.dial(t, s.cache, s.as(t), s.tokens["wire"])
	stream, err := oddscachev1.NewOddsCacheServiceClient(conn).LookupEvents(ctx)
	if err != nil {
		return met(err)
	}
	sent := make(chan int, 1_000_000)
	go func() { // ends with the stream
		defer close(sent)
		for i := 0; ; i++ {
			request := &oddscachev1.LookupEventsRequest{Key: &oddscachev1.LookupEventsRequest_SrId{SrId: s.event}}
			if stream.Send(request) != nil {
				return
			}
			sent <- i
		}
	}()
	last := -1
	for stalled := false; !stalled; {
		select {
		case last = <-sent:
		case <-time.After(time.Second):
			stalled = true
		}
	}
	s.lookup(t)
	t.Logf("%d requests were taken", last+1)
	cancel()
	for range sent { // until the sender has gone
	}
	return "its requests are not taken any more; nothing piles up"
}

// crowd opens more connections than one address may have; another address gets in.
func crowd(t *testing.T, s *testbed) string {
	for range 300 {
		s.tcp(t, s.cache)
	}
	s.fromElsewhere(t)
	// 240 and more are, unless the machine is so slow that the first ones are closed in the meantime, for saying nothing.
	const least = 100
	if !cluster.Poll(t, within, func() bool { return s.rejected(t) >= least }) {
		t.Errorf("%g connections were refused, want at least %d", s.rejected(t), least)
	}
	return fmt.Sprintf("all beyond %d: the connection is closed; another address gets in", maxOfOneHost)
}

// rejected is how many connections to the cache's gRPC port its limits have refused, as its metrics say.
func (s *testbed) rejected(t *testing.T) float64 {
	t.Helper()
	conn, err := s.secure(t, s.cacheAdmin, s.as(t, aOperator))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /metrics HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), `oddscache_connections_refused_total{cause="limit"} `)
	n, err := strconv.ParseFloat(firstLine(rest), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// fromElsewhere looks something up from another address.
func (s *testbed) fromElsewhere(t *testing.T) {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	client, err := oddsclient.New(s.cache, oddsclient.Options{
		Credentials: credentials.NewTLS(&tls.Config{RootCAs: s.authority.Pool(), MinVersion: tls.VersionTLS13}), Streams: 1,
		Token: tokens.Bearer(func(context.Context) (string, error) { return s.tokens["neighbour"], nil }),
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", addr)
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if _, err := client.GetEvent(ctx, s.request()); err != nil {
		t.Errorf("from another address: %v", err)
	}
}
