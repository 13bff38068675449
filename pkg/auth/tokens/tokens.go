// Package tokens is the bearer tokens that lookups are allowed by: the file that lists them, what each may do, and how
// a client sends its own.
//
// The file holds SHA-256 hashes and no tokens. A token has 256 random bits, so that nothing slower than a hash is
// needed to keep it from being guessed, and finding it by its hash takes the same time whichever it is. Package guard
// finds tokens here and decides who may do what.
package tokens

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oddscache/oddscache/pkg/auth/reload"
)

// prefix lets scanners for leaked secrets find tokens.
const prefix = "oddscache_"

// randomBytes is how much of a token is random.
const randomBytes = 32

// Tokens are those of a file. Use Open; Run keeps them current.
type Tokens struct {
	files *reload.Value[map[hash]*Token]
	held  *prometheus.Desc

	mu   sync.Mutex // held while parsing
	last map[hash]*Token
}

// Open reads the file. An empty one is allowed, and allows nobody.
func Open(file string, log *slog.Logger) (*Tokens, error) {
	t := &Tokens{held: prometheus.NewDesc("oddscache_tokens", "Tokens that are allowed to look things up.", nil, nil)}
	files, err := reload.Open(reload.Options{Name: "tokens", Files: []string{file}, Logger: log}, t.parse)
	if err != nil {
		return nil, err
	}
	t.files = files
	return t, nil
}

// parse makes the tokens of a new content. A token that was there before stays the one it was, with what it has used.
func (t *Tokens) parse(contents [][]byte) (map[hash]*Token, error) {
	entries, err := parseFile(contents[0])
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	next := make(map[hash]*Token, len(entries))
	for _, e := range entries {
		if old := t.last[e.hash]; old != nil && old.name == e.name {
			old.limit(e)
			next[e.hash] = old
			continue
		}
		next[e.hash] = newToken(e)
	}
	for h, old := range t.last {
		if next[h] != old {
			old.revoke()
		}
	}
	t.last = next
	return next, nil
}

// Find returns the token of that text, nil when there is none.
func (t *Tokens) Find(text string) *Token {
	return t.files.Get()[sha256.Sum256([]byte(text))]
}

// Run reads the file again when it changes, until ctx ends.
func (t *Tokens) Run(ctx context.Context) error { return t.files.Run(ctx) }

// Refresh reads the file now.
func (t *Tokens) Refresh(ctx context.Context) { t.files.Refresh(ctx) }

// Describe implements prometheus.Collector.
func (t *Tokens) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(t, ch) }

// Collect implements prometheus.Collector.
func (t *Tokens) Collect(ch chan<- prometheus.Metric) {
	t.files.Collect(ch)
	ch <- prometheus.MustNewConstMetric(t.held, prometheus.GaugeValue, float64(len(t.files.Get())))
}

// New makes a token, and the line that allows it with the default limits. The token is nowhere else.
func New(name string) (token, line string, err error) {
	random := make([]byte, randomBytes)
	_, _ = rand.Read(random) // never fails
	token = prefix + base64.RawURLEncoding.EncodeToString(random)
	sum := sha256.Sum256([]byte(token))
	line = fmt.Sprintf("%s sha256=%s rate=%d burst=%d streams=%d",
		name, hex.EncodeToString(sum[:]), DefaultRate, DefaultRate*defaultBurst, DefaultStreams)
	if e, err := parseLine(line); err != nil || e.name != name || strings.ContainsAny(name, "#\n") {
		return "", "", fmt.Errorf("name is %q (must be one word of at most %d bytes, without = and #)", name, maxName)
	}
	return token, line, nil
}
