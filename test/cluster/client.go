package cluster

import (
	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/pkg/rpc/client"
)

// maxRecvBytes lets lists of whole events through.
const maxRecvBytes = 64 << 20

// Dial makes a connection to an address or a comma list of them. Close closes it.
func (c *Cluster) Dial(target string, o client.Options) (*grpc.ClientConn, error) {
	conn, err := client.New(target, o)
	if err == nil {
		c.conns = append(c.conns, conn)
	}
	return conn, err
}
