package security

import (
	"os"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/pkg/auth/tokens"
)

// allow makes a token with limits and adds it to the file, which the cache reads by itself.
func (s *testbed) allow(t *testing.T, name, limits string) {
	t.Helper()
	token, line, err := tokens.New(name)
	if err != nil {
		t.Fatal(err)
	}
	s.tokens[name] = token
	line = strings.Join(strings.Fields(line)[:2], " ") + " " + limits + "\n"
	f, err := os.OpenFile(s.tokensFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line); err != nil {
		t.Fatal(err)
	}
}

// revoke takes a token out of the file.
func (s *testbed) revoke(t *testing.T, name string) {
	t.Helper()
	content, err := os.ReadFile(s.tokensFile)
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, name+" ") {
			kept.WriteString(line)
		}
	}
	if err := os.WriteFile(s.tokensFile, []byte(kept.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hash is what the file holds of a token.
func (s *testbed) hash(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(s.tokensFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), name+" sha256=")
	hash, _, _ := strings.Cut(rest, " ")
	return hash
}
