package server

import (
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
	"github.com/oddscache/oddscache/pkg/rpc/unread"
)

// ReasonUnread is the reason of calls that are rejected because their connection leaves too much unread.
const ReasonUnread = "UNREAD_RESPONSES"

// readRetry is how long such callers are to wait, by the RetryInfo, before they try again.
const readRetry = time.Second

// unreadRule is the rule of the error table for responses that are rejected.
func unreadRule() rpcerr.Rule {
	return rpcerr.As(codes.ResourceExhausted, ReasonUnread, func(e *unread.FullError) map[string]string {
		return map[string]string{
			"unreadBytes": strconv.FormatInt(e.Unread, 10), "limitBytes": strconv.FormatInt(e.Limit, 10),
		}
	}).RetryAfter(readRetry)
}

// unreadListener counts what its connections leave unread.
type unreadListener struct {
	net.Listener
	budget     *unread.Budget
	rejections *rejections
	log        *slog.Logger
}

// counting counts what is unread on the connections of a listener.
func (s *Server) counting(inner net.Listener) net.Listener {
	return &unreadListener{Listener: inner, budget: s.unread, rejections: s.rejections, log: s.cfg.Logger}
}

// Accept waits for a connection.
func (l *unreadListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // servers compare it
	}
	c := &unreadConn{Conn: conn}
	c.addr = &unread.Addr{Addr: conn.RemoteAddr(), Connection: l.budget.Open(func() {
		l.rejections.logSome.Do(func() {
			l.log.Warn("closed a connection whose caller does not read", "peer", c.addr.String())
		})
		c.cut()
	})}
	return c, nil
}

// unreadConn is a connection whose address knows what is unread on it.
type unreadConn struct {
	net.Conn
	addr *unread.Addr
}

// RemoteAddr is where the client is, as an *unread.Addr.
func (c *unreadConn) RemoteAddr() net.Addr { return c.addr }

// Close closes the connection.
func (c *unreadConn) Close() error {
	defer c.addr.Connection.Close()
	return c.Conn.Close() //nolint:wrapcheck // servers compare it
}

// cut closes the connection and has the system drop what it was still to send.
func (c *unreadConn) cut() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close() // gRPC notices, whatever it returns
}

// encode marshals a message, and says how many bytes of memory it takes beside what is held anyway.
func (s *Server) encode(m any) (data mem.BufferSlice, takes int, err error) {
	if data, err = s.cfg.Codec.Marshal(m); err != nil {
		return nil, 0, fmt.Errorf("encoding a response: %w", err)
	}
	if m, ok := m.(interface{ Takes() int }); ok { // rawpb's messages refer to what others hold
		return data, m.Takes(), nil
	}
	return data, data.Len(), nil
}

// respond counts the response of a unary rpc and returns it as it is sent.
func (s *Server) respond(c *unread.Connection, resp any) (any, error) {
	data, takes, err := s.encode(resp)
	if err != nil {
		return nil, err
	}
	m, err := c.Respond(data, takes)
	if err != nil {
		return nil, err //nolint:wrapcheck // callers see it
	}
	return m, nil
}

// countSent counts the messages that a stream sends.
func (s *Server) countSent(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if slices.Contains(s.cfg.Uncounted, info.FullMethod) {
		return handler(srv, stream)
	}
	c := unread.Of(stream.Context())
	return handler(srv, &sentStream{ServerStream: stream, server: s, connection: c, requested: info.IsClientStream})
}

// sentStream counts what is sent on a stream.
type sentStream struct {
	grpc.ServerStream
	server     *Server
	connection *unread.Connection
	// requested reports that the client requests each message. It has to read them then, as it has to read responses; a
	// client that is sent what happens may take its time.
	requested bool
}

// SendMsg waits until there is room for the message, and sends it.
func (s *sentStream) SendMsg(m any) error {
	data, takes, err := s.server.encode(m)
	if err != nil {
		return err
	}
	if !s.requested { // it may outlast what it refers to
		takes = max(takes, data.Len())
	}
	message, err := s.connection.Send(s.Context(), data, takes, s.requested)
	if err != nil {
		return err //nolint:wrapcheck // it says what it was doing
	}
	return s.ServerStream.SendMsg(message) //nolint:wrapcheck // it is gRPC's own, and what the handler compares
}
