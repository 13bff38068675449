package haproxy

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// names is a DNS server that knows the addresses of the caches, as the engine's does.
type names struct {
	addr string

	mu    sync.Mutex
	hosts []netip.Addr
}

// newNames starts one; it ends with the test.
func newNames(t *testing.T) *names {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{addr: conn.LocalAddr().String()}
	var serving sync.WaitGroup
	serving.Go(func() { n.serve(conn) }) // ends with the connection
	t.Cleanup(func() {
		_ = conn.Close()
		serving.Wait()
	})
	return n
}

// set replaces the addresses.
func (n *names) set(hosts ...netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts = hosts
}

func (n *names) serve(conn net.PacketConn) {
	query := make([]byte, 1500)
	for {
		size, client, err := conn.ReadFrom(query)
		if err != nil {
			return
		}
		if response, err := n.response(query[:size]); err == nil {
			_, _ = conn.WriteTo(response, client)
		}
	}
}

// response says all addresses to whoever asks for IPv4, and that the name does not exist when there are none.
func (n *names) response(query []byte) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil {
		return nil, err
	}
	question, err := parser.Question()
	if err != nil {
		return nil, err
	}
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, RecursionAvailable: true},
		Questions: []dnsmessage.Question{question},
	}
	if len(n.hosts) == 0 {
		message.RCode = dnsmessage.RCodeNameError
	}
	if question.Type == dnsmessage.TypeA {
		for _, host := range n.hosts {
			message.Answers = append(message.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: 600},
				Body:   &dnsmessage.AResource{A: host.As4()},
			})
		}
	}
	return message.Pack()
}
