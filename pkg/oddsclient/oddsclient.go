// Package oddsclient requests odds from caches: over one connection that finds the replicas, leaves out those that are not
// ready and tries again elsewhere when one goes away.
//
// GetEvent is the lookup for busy consumers: it looks like a call and travels on streams that all callers share, at a
// fraction of a call's price. Everything else the service can do is behind Service.
//
// It keeps nothing: every response comes from a replica and says how fresh it is.
//
//	GetEvent ─ slot, in turn ─> stream ─ queue ─> sender ─> replica
//	                              └── waiting, by id <── receiver <──┘
package oddsclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/oddscache/oddscache/pkg/rpc/client"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// ErrClosed is what lookups end with after Close.
var ErrClosed = errors.New("the client is closed")

// Defaults and fixed limits.
const (
	// DefaultStreams is more than most deployments have replicas: a stream stays with one of them.
	DefaultStreams = 4
	// DefaultStreamAge lets lookups reach a new replica within minutes.
	DefaultStreamAge = 10 * time.Minute

	// maxResponse bounds a received message: pages and batches of whole events have up to 25 MB.
	maxResponse = 32 << 20
)

// Options change a client's settings. The zero value is an unencrypted connection with the defaults.
type Options struct {
	// Credentials encrypt the connection. Nil means plaintext.
	Credentials credentials.TransportCredentials
	// Token goes with every rpc; tokens.FromFile and tokens.Bearer make one. It needs Credentials that encrypt. Nil means
	// none.
	Token credentials.PerRPCCredentials
	// Streams is how many lookup streams are kept, spread over the replicas in turn. Few are enough for many callers;
	// fewer than there are replicas leave some of these unused by GetEvent. DefaultStreams when 0.
	Streams int
	// StreamAge is how long a stream is used before another takes its place, which may lead to another replica. Give or
	// take a tenth. DefaultStreamAge when 0.
	StreamAge time.Duration
	// Tracing makes spans of rpcs, by the process's global tracer provider. Lookups on a stream have none of their own.
	Tracing bool
	// DialOptions are added last and override the rest.
	DialOptions []grpc.DialOption
}

// Client makes requests to the caches of one target. Its methods may be called by any number of goroutines. Use New.
type Client struct {
	conn  *grpc.ClientConn
	slots []*slot
	next  atomic.Uint64   // counts lookups, which take the slots in turn
	life  context.Context //nolint:containedctx // ends with Close, and with it every stream
	end   context.CancelFunc
}

// New makes a client of a target: "host:port" (every address that DNS has for it is a replica), a comma list of them,
// or a gRPC name with a scheme. It dials when the first request is made. The caller closes it.
func New(target string, o Options) (*Client, error) {
	if o.Streams == 0 {
		o.Streams = DefaultStreams
	}
	if o.StreamAge == 0 {
		o.StreamAge = DefaultStreamAge
	}
	if o.Streams < 0 || o.StreamAge < 0 {
		return nil, fmt.Errorf("streams is %d and their age %v (must not be negative)", o.Streams, o.StreamAge)
	}
	conn, err := client.New(target, client.Options{
		Credentials: o.Credentials, Token: o.Token, Policy: client.RoundRobin, MaxRecvBytes: maxResponse, Tracing: o.Tracing,
		HealthService: oddscachev1.OddsCacheService_ServiceDesc.ServiceName,
		DialOptions:   append([]grpc.DialOption{grpc.WithDisableRetry(), grpc.WithChainUnaryInterceptor(retry)}, o.DialOptions...),
	})
	if err != nil {
		return nil, fmt.Errorf("making a client of the cache: %w", err)
	}
	c := &Client{conn: conn}
	c.life, c.end = context.WithCancel(context.Background())
	for range o.Streams {
		age := o.StreamAge - o.StreamAge/10 + rand.N(o.StreamAge/5+1) //nolint:gosec // it only keeps streams from ending together
		c.slots = append(c.slots, &slot{conn: conn, life: c.life, age: age})
	}
	return c, nil
}

// Service is the generated client over the same connection, for everything but single lookups. UNAVAILABLE is tried
// again, on another replica where there is one.
func (c *Client) Service() oddscachev1.OddsCacheServiceClient {
	return oddscachev1.NewOddsCacheServiceClient(c.conn)
}

// Close ends all streams and the connection, and waits for their goroutines. Lookups under way end with ErrClosed.
func (c *Client) Close() error {
	c.end()
	for _, s := range c.slots {
		s.waitGone()
	}
	if err := c.conn.Close(); err != nil {
		return fmt.Errorf("closing the connection to the cache: %w", err)
	}
	return nil
}

// GetEvent looks an event up, as the rpc of that name does and with the same errors, over a stream, which many
// callers share. It ends with ctx at the latest. A cache that is older than the stream gets a call.
func (c *Client) GetEvent(ctx context.Context, r *oddscachev1.GetEventRequest) (*oddscachev1.GetEventResponse, error) {
	response, err := c.lookup(ctx, r)
	if status.Code(err) == codes.Unimplemented {
		return c.Service().GetEvent(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	return response.event()
}

// lookup gets an encoded response, from another stream when one breaks.
func (c *Client) lookup(ctx context.Context, r *oddscachev1.GetEventRequest) (*response, error) {
	request, err := encode(ctx, r)
	if err != nil {
		return nil, err
	}
	response, err := c.request(ctx, request)
	if status.Code(err) == codes.Unavailable {
		response, err = c.requestAgain(ctx, request, err)
	}
	switch {
	case err == nil:
		return response, nil
	case ctx.Err() != nil:
		return nil, status.FromContextError(ctx.Err()).Err()
	case c.life.Err() != nil:
		return nil, ErrClosed
	default:
		return nil, err
	}
}

// request makes a request over the next stream.
func (c *Client) request(ctx context.Context, request []byte) (*response, error) {
	return c.slots[c.next.Add(1)%uint64(len(c.slots))].request(ctx, request)
}

// requestAgain makes it over other streams when the first one failed with err, as long as the client lives.
func (c *Client) requestAgain(ctx context.Context, request []byte, err error) (a *response, _ error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	err = again(ctx, err, func() (err error) {
		a, err = c.request(ctx, request)
		return err
	})
	return a, err
}
