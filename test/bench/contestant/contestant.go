// Package contestant starts the servers that the benchmark compares: this project's cache, the least that gRPC can do,
// gRPC as it is commonly used, Redis and Postgres. All of them answer the same bytes to the same keys.
//
// It is not for measuring, see the package load.
package contestant

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc"

	"github.com/oddscache/oddscache/test/bench/load"
)

// ErrMissing says that a contestant's server is not installed on this machine.
var ErrMissing = errors.New("not installed")

// Shape is what is asked for.
type Shape string

// The shapes.
const (
	Full   Shape = "full event"
	Market Shape = "one market"
	Batch  Shape = "batch of 20"
)

// Shapes lists them.
func Shapes() []Shape { return []Shape{Full, Market, Batch} }

// BatchSize is the number of events in a batch.
const BatchSize = 20

// Responses are the bytes that everybody answers, taken from the cache: by shape, then by key.
type Responses map[Shape][][]byte

// Size is the mean size of a shape's answers.
func (a Responses) Size(s Shape) int {
	sum := 0
	for _, b := range a[s] {
		sum += len(b)
	}
	return sum / max(1, len(a[s]))
}

// Contestant is a running server with a way to ask it.
type Contestant struct {
	Name  string
	Calls map[Shape]load.Call
	// Streams opens streams; nil for a contestant without them. Batches are not streamed.
	Streams func(ctx context.Context, shape Shape, n int) ([]load.Stream, error)
	// PIDs are the server's processes when it does not run in this one.
	PIDs func() []int

	conn  *grpc.ClientConn // of gRPC contestants
	addr  string           // where they listen
	admin string           // where a cache process's metrics are
	stop  []func() error   // in the order in which they were opened
}

// Close stops the server.
func (c *Contestant) Close() error {
	var errs []error
	for _, stop := range slices.Backward(c.stop) {
		errs = append(errs, stop())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stopping %s: %w", c.Name, err)
	}
	return nil
}

// Conn is a gRPC contestant's connection.
func (c *Contestant) Conn() *grpc.ClientConn { return c.conn }

// Children are the ids of the server's processes.
func (c *Contestant) Children() []int {
	if c.PIDs == nil {
		return nil
	}
	return c.PIDs()
}

// started returns c, or stops what was started of it when err is not nil.
func started(c *Contestant, err error) (*Contestant, error) {
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", c.Name, err), c.Close())
	}
	return c, nil
}
