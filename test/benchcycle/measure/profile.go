package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// profiled is how long a profile lasts: most of a cycle. The admin port cannot be told to end one early.
const profiled = time.Minute

// Profile begins to record the scraper's CPU profile into a folder. The returned function waits for its end.
func Profile(ctx context.Context, admin, dir, name string) (stop func() error, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of profiles: %w", err)
	}
	path := filepath.Join(dir, strings.Map(fileRune, name)+".pprof")
	done := make(chan error, 1)
	go func() { done <- record(ctx, admin, path) }() // ends after profiled, or with ctx; stop waits for it
	return func() error { return <-done }, nil
}

// fileRune keeps file names simple.
func fileRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

// record reads one profile.
func record(ctx context.Context, admin, path string) (err error) {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", admin, int(profiled.Seconds()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("asking for a profile: %w", err)
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		return fmt.Errorf("asking for a profile: %w", err)
	}
	defer resp.Body.Close()
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing a profile: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, resp.Body); err != nil {
		return fmt.Errorf("writing a profile: %w", err)
	}
	return nil
}
