package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// MinVersion is the oldest major version that the project's SQL runs on.
const MinVersion = 15

// ErrNotFound is returned, wrapped with where was looked, when the system has no usable Postgres.
var ErrNotFound = errors.New("no PostgreSQL server binaries")

// debianRoot is where Debian's packages put one directory per major version.
const debianRoot = "/usr/lib/postgresql"

// Find returns the directory of the newest initdb and postgres of this system: Debian's versioned directories first,
// newest first, then what pg_config names, then PATH. It returns ErrNotFound when there is none of at least
// MinVersion.
func Find(ctx context.Context) (string, error) {
	var seen []string
	for _, dir := range candidates(ctx, debianRoot) {
		version, err := majorVersion(ctx, dir)
		switch {
		case ctx.Err() != nil:
			return "", fmt.Errorf("looking for PostgreSQL: %w", context.Cause(ctx))
		case err != nil:
			seen = append(seen, fmt.Sprintf("%s: %v", dir, err))
		case version < MinVersion:
			seen = append(seen, fmt.Sprintf("%s: version %d is older than %d", dir, version, MinVersion))
		default:
			return dir, nil
		}
	}
	if len(seen) == 0 {
		seen = []string{debianRoot + ", pg_config and PATH name none"}
	}
	return "", fmt.Errorf("%w (%s); `make postgres` installs them", ErrNotFound, strings.Join(seen, "; "))
}

// candidates lists directories that may hold the binaries, best first.
func candidates(ctx context.Context, root string) []string {
	dirs, _ := filepath.Glob(filepath.Join(root, "*", "bin"))
	major := func(dir string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		return n
	}
	slices.SortFunc(dirs, func(a, b string) int { return major(b) - major(a) })

	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		// Distributions link single binaries into PATH; initdb lies beside the link's target.
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		dirs = append(dirs, filepath.Dir(path))
	}

	dirs = slices.DeleteFunc(dirs, func(dir string) bool {
		_, initdb := os.Stat(filepath.Join(dir, "initdb"))
		_, server := os.Stat(filepath.Join(dir, "postgres"))
		return initdb != nil || server != nil
	})
	return dirs
}

// majorVersion asks the binary in dir, which answers like "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)".
func majorVersion(ctx context.Context, dir string) (int, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "-V").Output()
	if err != nil {
		return 0, fmt.Errorf("asking for its version: %w", err)
	}
	return parseVersion(string(out))
}

// parseVersion reads the major version out of what "postgres -V" prints; development versions look like "19devel".
func parseVersion(out string) (int, error) {
	_, number, ok := strings.Cut(out, "(PostgreSQL) ")
	digits := strings.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(number)
	}
	version, err := strconv.Atoi(number[:digits])
	if !ok || err != nil {
		return 0, fmt.Errorf("reading the version out of %.60q", out)
	}
	return version, nil
}

// tail returns the end of a program's output, as much of it as an error can carry.
func tail(out []byte) string {
	const limit = 2000
	text := strings.TrimSpace(string(out))
	if len(text) > limit {
		text = "…" + text[len(text)-limit:]
	}
	return text
}
