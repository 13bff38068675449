package security

import (
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/rpc/rpcerr"
)

// tlsText finds what TLS says within gRPC's and net's words.
var tlsText = regexp.MustCompile(`(remote error: )?(tls|x509): .*`)

// words are the texts of a failure that vary with addresses or timing, and what they mean.
var words = []struct{ contains, means string }{
	{"error reading server preface", "the connection is closed"},
	{"connection reset by peer", "the connection is closed"},
	{"broken pipe", "the connection is closed"},
	{"unexpected EOF", "the connection is closed"},
	{"use of closed network connection", "the connection is closed"},
}

// met says what an attempt met: the code, the reason and the message of an error; of a connection that failed, why.
func met(err error) string {
	if err == nil {
		return "OK"
	}
	// Without a reason, UNAVAILABLE is gRPC's own word for a connection that failed.
	if s, ok := status.FromError(err); ok && (s.Code() != codes.Unavailable || rpcerr.Reason(err) != "") {
		return strings.Join(strings.Fields(name(s.Code())+" "+rpcerr.Reason(err)), " ") + ": " + s.Message()
	}
	if found := tlsText.FindString(err.Error()); found != "" {
		found, _, _ = strings.Cut(found, " (possibly because")
		return strings.TrimSuffix(found, `"`)
	}
	for _, w := range words {
		if strings.Contains(err.Error(), w.contains) {
			return w.means
		}
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return "the connection is closed"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "nothing happens"
	default:
		return err.Error()
	}
}

// name is a code as the specification spells it.
func name(c codes.Code) string {
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
