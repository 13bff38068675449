// Package repeat makes a failing randomised test print the command that runs the same again, ready to be pasted into a
// shell in the project's folder.
//
// Tests of one package that use rapid need it not: rapid names its seed.
package repeat

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Command logs, when the test has failed, the command that runs it alone, with variables of the environment
// ("NAME=value") and flags (such as "-rapid.seed=1").
func Command(t *testing.T, settings ...string) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to repeat it: %s", command(t.Name(), settings))
		}
	})
}

// Rapid is t for rapid.Check: where rapid names the seed of a failure, the command follows.
func Rapid(t *testing.T, settings ...string) rapid.TB {
	t.Helper()
	return &rapidTB{T: t, settings: settings}
}

// rapidTB reads what rapid writes.
type rapidTB struct {
	*testing.T

	settings []string
}

// seed is how rapid names one.
var seed = regexp.MustCompile(`-rapid\.seed=\d+`)

// Errorf fails the test, and logs the command when the text names a seed.
func (r *rapidTB) Errorf(format string, args ...any) {
	r.Helper()
	text := fmt.Sprintf(format, args...)
	if found := seed.FindString(text); found != "" {
		text += "\nto repeat it: " + command(r.Name(), append(r.settings, found))
	}
	r.Error(text)
}

// command runs a test of the package that is being tested.
func command(test string, settings []string) string {
	var env, flags []string
	for _, s := range settings {
		if strings.HasPrefix(s, "-") {
			flags = append(flags, s)
		} else {
			env = append(env, s)
		}
	}
	var run []string
	for part := range strings.SplitSeq(test, "/") {
		run = append(run, "^"+regexp.QuoteMeta(part)+"$")
	}
	words := append(slices.Clone(env), "go", "test", "-count=1", "-v", "-run='"+strings.Join(run, "/")+"'", folder())
	return strings.Join(append(words, flags...), " ")
}

// folder is the package's, as seen from the project's.
func folder() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for root := dir; root != filepath.Dir(root); root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.work")); err == nil {
			return "./" + strings.TrimPrefix(strings.TrimPrefix(dir, root), "/")
		}
	}
	return dir
}
