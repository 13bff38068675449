package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/pkg/auth/tokens"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// file writes a token file.
func file(t testing.TB, path string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// made makes a token with the given limits.
func made(t testing.TB, name, limits string) (token, line string) {
	t.Helper()
	token, line, err := tokens.New(name)
	if err != nil {
		t.Fatal(err)
	}
	if limits != "" {
		line = strings.Join(append(strings.Fields(line)[:2], limits), " ")
	}
	return token, line
}

func open(t testing.TB, lines ...string) (all *tokens.Tokens, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokens")
	file(t, path, lines...)
	all, err := tokens.Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return all, path
}

func TestTokensAreFoundByTheirText(t *testing.T) {
	t.Parallel()
	token, line := made(t, "pricing", "")
	all, _ := open(t, "# who may look things up", "", line+" # since November")
	if got := all.Find(token); got == nil || got.Name() != "pricing" {
		t.Errorf("got %v", got)
	}
	hash := strings.TrimPrefix(strings.Fields(line)[1], "sha256=")
	for _, wrong := range []string{"", token + "x", token[:len(token)-1], strings.ToUpper(token), hash, "pricing"} {
		if got := all.Find(wrong); got != nil {
			t.Errorf("%q finds %s", wrong, got.Name())
		}
	}
	if strings.Contains(line, token) {
		t.Error("the file holds the token itself")
	}
}

// TestRate takes lookups in a time that stands still until it is moved.
func TestRate(t *testing.T) {
	t.Parallel()
	token, line := made(t, "slow", "rate=10 burst=20")
	all, _ := open(t, line)
	synctest.Test(t, func(t *testing.T) {
		slow := all.Find(token)
		if err := slow.Take(15); err != nil {
			t.Fatal(err)
		}
		var limited *tokens.RateError
		if err := slow.Take(10); !errors.As(err, &limited) || limited.After != 500*time.Millisecond {
			t.Fatalf("10 of the 5 that are left: %v, wait %v", err, limited.RetryAfter())
		}
		if err := slow.Take(5); err != nil {
			t.Errorf("what was refused was taken nevertheless: %v", err)
		}
		time.Sleep(500 * time.Millisecond) //nolint:forbidigo // the bubble's time
		if err := slow.Take(5); err != nil {
			t.Errorf("after half a second: %v", err)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's time
		if err := slow.Take(500); err != nil {
			t.Errorf("more than there can ever be: %v", err)
		}
		if err := slow.Take(1); err == nil {
			t.Error("it took no more than the rest")
		}
	})
}

func TestStreams(t *testing.T) {
	t.Parallel()
	token, line := made(t, "x", "streams=2")
	all, _ := open(t, line)
	x := all.Find(token)
	for range 2 {
		if err := x.Open(); err != nil {
			t.Fatal(err)
		}
	}
	var many *tokens.StreamsError
	if err := x.Open(); !errors.As(err, &many) || many.Limit != 2 {
		t.Errorf("a third: %v", err)
	}
	x.Close()
	if err := x.Open(); err != nil {
		t.Errorf("after one ended: %v", err)
	}
}

// TestReload takes a token out, keeps one and changes its limits, and adds one.
func TestReload(t *testing.T) {
	t.Parallel()
	goes, lineGoes := made(t, "goes", "")
	stays, lineStays := made(t, "stays", "rate=0.001 burst=2")
	comes, lineComes := made(t, "comes", "")
	all, path := open(t, lineGoes, lineStays)
	gone, kept := all.Find(goes), all.Find(stays)
	if err := kept.Take(2); err != nil {
		t.Fatal(err)
	}

	file(t, path, lineStays, lineComes, "broken")
	all.Refresh(t.Context())
	if all.Find(goes) != gone || gone.Life().Err() != nil || all.Find(comes) != nil {
		t.Error("a broken file was used")
	}
	file(t, path, strings.Replace(lineStays, "burst=2", "burst=3", 1), lineComes)
	all.Refresh(t.Context())
	if all.Find(goes) != nil || gone.Life().Err() == nil {
		t.Error("a token that was taken out is valid")
	}
	if all.Find(stays) != kept || kept.Life().Err() != nil || all.Find(comes) == nil {
		t.Error("the others are not there")
	}
	if err := kept.Take(1); err == nil {
		t.Error("reading the file gave back what was used")
	}
}

func TestBrokenFilesAreRejectedAndNotQuoted(t *testing.T) {
	t.Parallel()
	token, line := made(t, "x", "")
	for want, lines := range map[string][]string{
		"line 2: sha256= is missing":                       {"# a", "x"},
		"line 1: sha256= has 43 characters":                {"x sha256=" + token[10:]},
		"line 2: rate= must be":                            {line, "y rate=0"},
		"line 2: burst= and streams= must be":              {line, "y streams=-1"},
		"line 2: after the name come":                      {line, "y " + token},
		"line 2: it is the token of line 1 again":          {line, strings.Replace(line, "x ", "y ", 1)},
		"line 1: it does not begin with a name of at most": {line[2:]},
	} {
		path := filepath.Join(t.TempDir(), "tokens")
		file(t, path, lines...)
		_, err := tokens.Open(path, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), token[10:]) {
			t.Errorf("the error holds the token: %v", err)
		}
	}
	for _, name := range []string{"", "two words", "a=b", "a#b", strings.Repeat("n", 101)} {
		if _, _, err := tokens.New(name); err == nil {
			t.Errorf("the name %q is allowed", name)
		}
	}
}

func TestClientsReadTheirTokenAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	file(t, path, " first\n")
	synctest.Test(t, func(t *testing.T) {
		creds := tokens.FromFile(path)
		if !creds.RequireTransportSecurity() {
			t.Error("the token goes over plaintext too")
		}
		sends := func(want string) {
			t.Helper()
			got, err := creds.GetRequestMetadata(t.Context())
			if err != nil || got["authorization"] != "Bearer "+want {
				t.Errorf("sends %v, %v; want %s", got, err, want)
			}
		}
		sends("first")
		file(t, path, "second\n")
		sends("first")
		time.Sleep(5 * time.Second) //nolint:forbidigo // the bubble's time
		sends("second")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) //nolint:forbidigo // the bubble's time
		sends("second")
	})
	failing := tokens.Bearer(func(context.Context) (string, error) { return "", errors.New("the vault is locked") })
	if _, err := failing.GetRequestMetadata(t.Context()); err == nil || !strings.Contains(err.Error(), "the vault is locked") {
		t.Errorf("got %v", err)
	}
	if _, err := tokens.FromFile(path).GetRequestMetadata(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
}

// BenchmarkTake is what a lookup pays for its token: finding it and taking from its rate.
func BenchmarkTake(b *testing.B) {
	lines := make([]string, 0, 1000)
	var token string
	for i := range 1000 {
		text, line := made(b, fmt.Sprint("n", i), "rate=unlimited")
		lines, token = append(lines, line), text
	}
	all, _ := open(b, lines...)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := all.Find(token).Take(1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
