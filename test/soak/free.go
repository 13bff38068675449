package main

import (
	"fmt"
	"net"
	"os"
)

// free is a loopback address that was free a moment ago: both sides must know it before they start.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// twoFree are the addresses of a service.
func twoFree() (rpc, admin string, err error) {
	if rpc, err = free(); err != nil {
		return "", "", err
	}
	admin, err = free()
	return rpc, admin, err
}

// makeDir makes a folder that Postgres's own user could pass through.
func makeDir(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	return nil
}
