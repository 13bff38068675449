package tokens

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
)

// fileAge is how long a client goes on with the token that it read from a file.
const fileAge = 5 * time.Second

// Bearer sends the token that get returns with every rpc, over TLS and never without. get is called for every rpc and
// by several goroutines at once.
func Bearer(get func(context.Context) (string, error)) credentials.PerRPCCredentials {
	return bearer{get}
}

// FromFile sends the token that a file holds, and reads the file again every few seconds, so that the token can be
// replaced without a restart. White space around the token is left out.
func FromFile(path string) credentials.PerRPCCredentials {
	f := &tokenFile{path: path}
	return Bearer(f.get)
}

// bearer sends what get returns.
type bearer struct {
	get func(context.Context) (string, error)
}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (b bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := b.get(ctx)
	if err != nil {
		return nil, fmt.Errorf("getting the token: %w", err)
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials: a token is never sent in the clear.
func (bearer) RequireTransportSecurity() bool { return true }

// tokenFile remembers what a file held.
type tokenFile struct {
	path string

	mu    sync.Mutex
	read  time.Time
	token string
}

// get returns the token, read at most fileAge ago. While the file is missing or empty, as it may be while it is replaced, the
// last token is good.
func (f *tokenFile) get(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.token != "" && time.Since(f.read) < fileAge {
		return f.token, nil
	}
	content, err := os.ReadFile(f.path)
	if err != nil {
		if f.token != "" {
			return f.token, nil // it is being replaced
		}
		return "", err //nolint:wrapcheck // it says what and which file
	}
	if token := string(bytes.TrimSpace(content)); token != "" {
		f.read, f.token = time.Now(), token
	}
	if f.token == "" {
		return "", fmt.Errorf("the file %s is empty", f.path)
	}
	return f.token, nil
}
