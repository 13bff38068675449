package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// healthcheck asks a running simulator.
type healthcheck struct {
	Address string        `env:"BOOKIESIM_LISTEN" default:"127.0.0.1:7420" help:"Where the simulator listens."`
	Timeout time.Duration `default:"3s" help:"How long to wait for the answer."`
}

// Run asks once. An address of all interfaces is asked over loopback, as the net package dials it.
func (h *healthcheck) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Address+"/_sim/state", http.NoBody)
	if err != nil {
		return fmt.Errorf("asking %s: %w", h.Address, err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("asking %s: %w", h.Address, err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", h.Address, err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", h.Address, answer.Status)
	}
	return nil
}
