package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oddscache/oddscache/pkg/rpc/rawpb"
	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
	"github.com/oddscache/oddscache/test/versions"
)

// tap passes every rpc on, byte by byte, and writes down what goes over the feed.
type tap struct {
	to       *grpc.ClientConn
	listener net.Listener
	server   *grpc.Server
	wg       sync.WaitGroup // the server and its streams; close waits for them

	mu      sync.Mutex // guards streams and what they hold
	streams []*versions.Stream
}

func newTap(to *grpc.ClientConn) (*tap, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the tap: %w", err)
	}
	t := &tap{to: to, listener: listener}
	t.server = grpc.NewServer(grpc.ForceServerCodecV2(rawpb.NewCodec()), grpc.UnknownServiceHandler(t.pass))
	t.wg.Go(func() { _ = t.server.Serve(listener) }) // ends by close
	return t, nil
}

func (t *tap) addr() string { return t.listener.Addr().String() }

func (t *tap) close() {
	t.server.Stop()
	t.wg.Wait()
}

// take is what was written down. It may be called when nothing flows any more.
func (t *tap) take() (all []versions.Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.streams {
		all = append(all, versions.Stream{Messages: append([]versions.Message(nil), s.Messages...)})
	}
	return all
}

// pass passes one rpc on, whatever it is.
func (t *tap) pass(_ any, replica grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(replica)
	requested, _ := metadata.FromIncomingContext(replica.Context())
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(replica.Context(), requested))
	defer cancel()
	source, err := t.to.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, grpc.ForceCodecV2(rawpb.NewCodec()))
	if err != nil {
		return err
	}
	var tape *versions.Stream
	if method == oddscachev1.SnapshotFeedService_StreamSnapshots_FullMethodName {
		tape = &versions.Stream{}
		t.mu.Lock()
		t.streams = append(t.streams, tape)
		t.mu.Unlock()
	}
	t.wg.Go(func() { // ends with the replica's side, at the latest when this handler has returned
		for {
			var m rawpb.Message
			if replica.RecvMsg(&m) != nil {
				_ = source.CloseSend()
				return
			}
			t.note(tape, true, m.Bytes())
			if source.SendMsg(&m) != nil {
				return
			}
		}
	})
	for {
		var m rawpb.Message
		if err := source.RecvMsg(&m); err != nil {
			return err
		}
		t.note(tape, false, m.Bytes())
		if err := replica.SendMsg(&m); err != nil {
			return err
		}
	}
}

func (t *tap) note(tape *versions.Stream, fromReplica bool, body []byte) {
	if tape == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	tape.Messages = append(tape.Messages, versions.Message{FromReplica: fromReplica, Body: append([]byte(nil), body...)})
}
