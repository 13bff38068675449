package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/oddscache/oddscache/services/bookiesim/internal/book"
)

// Handler is one bookmaker, to be served under a base URL of its own. An unknown one is not found.
func (w *World) Handler(bookmaker string) http.Handler {
	b, ok := book.Named(bookmaker)
	if !ok {
		return http.NotFoundHandler()
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.serve(b, rw, r) })
}

// Combined is all bookmakers, whose paths do not overlap, and the simulator's own pages below /_sim/.
func (w *World) Combined() http.Handler {
	mux := http.NewServeMux()
	for b, s := range w.sites {
		for _, path := range s.paths {
			mux.Handle(path, w.Handler(book.Book(b).String()))
		}
	}
	mux.Handle("/_sim/", w.Admin())
	return mux
}

// Serve serves Combined on an address until ctx ends, then ends the connections that are open. The handlers hold
// nothing, so none of them needs to be waited for longer than its answer takes.
func (w *World) Serve(ctx context.Context, addr string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for the simulated bookmakers: %w", err)
	}
	return ServeHandler(ctx, listener, w.Combined())
}

// ServeHandler serves a handler on a listener, which it closes, until ctx ends.
func ServeHandler(ctx context.Context, listener net.Listener, handler http.Handler) error {
	// Requests are cut short when ctx ends: a simulated latency or a slow fault must not hold the end up.
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }() // ends with server.Shutdown or Close below
	var err error
	select {
	case err = <-done:
		return fmt.Errorf("serving the simulated bookmakers on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			err = server.Close()
		}
	}
	if served := <-done; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	return err
}

// pathBelow is what follows a prefix of a request's path, split at the slashes.
func pathBelow(r *http.Request, prefix string) []string {
	return strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, prefix), "/"), "/")
}
