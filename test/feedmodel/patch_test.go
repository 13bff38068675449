package feedmodel

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/test/overlay"
)

// root is the project's folder.
const root = "../.."

// ownPackage is the package of a patch that the histories must catch, by TestHunt.
const ownPackage = "test/feedmodel"

// patch is a control whose rule lives in the code: a diff of testdata/controls, with a header in front.
type patch struct {
	path  string
	rule  string   // Rule: what is broken
	pkg   string   // Package: whose tests must catch it, as a folder of the project
	tests []string // Tests: one of these must fail
	drops bool     // Drops: true when batches are lost on their way as well
	files []string // that it changes
	text  string
}

// patches reads all patches.
func patches(t *testing.T) []*patch {
	t.Helper()
	paths, err := filepath.Glob("testdata/controls/*.patch")
	if err != nil || len(paths) == 0 {
		t.Fatalf("testdata/controls has %d patches: %v", len(paths), err)
	}
	all := make([]*patch, 0, len(paths))
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parsePatch(t, p, string(text)))
	}
	return all
}

// parsePatch reads the header, which git apply skips.
func parsePatch(t *testing.T, from, text string) *patch {
	t.Helper()
	p := &patch{path: from, text: text}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if name, changed := strings.CutPrefix(line, "+++ b/"); changed {
			p.files = append(p.files, name)
		}
		key, value, isHeader := strings.Cut(line, ": ")
		if !isHeader || len(p.files) > 0 {
			continue
		}
		switch key {
		case "Rule":
			p.rule = value
		case "Package":
			p.pkg = value
		case "Tests":
			p.tests = strings.Fields(value)
		case "Drops":
			p.drops = value == "true"
		default:
			t.Errorf("%s: unknown header %q", from, line)
		}
	}
	if p.rule == "" || p.pkg == "" || len(p.tests) == 0 || len(p.files) == 0 {
		t.Fatalf("%s needs the headers Rule, Package and Tests, and a diff", from)
	}
	return p
}

// overlay applies the patch to copies of the files, and returns what builds the project with those.
func (p *patch) overlay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	p.unambiguous(t)
	for _, file := range p.files {
		source := p.source(t, file)
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), source, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "apply", "--whitespace=nowarn", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(p.text)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") }),
		"GIT_CEILING_DIRECTORIES="+filepath.Dir(dir)) // the copies are in no repository
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s does not apply any more (CONTRIBUTING.md, Controls): %v\n%s", p.path, err, out)
	}
	texts := make(map[string][]byte)
	for _, file := range p.files {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = text
	}
	list, err := overlay.Write(t.TempDir(), root, texts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// source is a file that the patch changes.
func (p *patch) source(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatalf("%s names a file that moved or is gone (CONTRIBUTING.md, Controls): %v", p.path, err)
	}
	return text
}

// unambiguous fails the test when a hunk would apply at two places: git takes the nearer one, which may be another
// function by now.
func (p *patch) unambiguous(t *testing.T) {
	t.Helper()
	var source, before string
	hunk := false
	check := func() {
		if n := strings.Count(source, before); hunk && n > 1 {
			t.Errorf("%s has a hunk that fits %d places; give it more context:\n%s", p.path, n, before)
		}
		hunk, before = false, ""
	}
	for line := range strings.Lines(p.text) {
		switch {
		case strings.HasPrefix(line, "--- a/"):
			check()
			source = string(p.source(t, strings.TrimSpace(strings.TrimPrefix(line, "--- a/"))))
		case strings.HasPrefix(line, "@@ "):
			check()
			hunk = true
		case hunk && (line[0] == ' ' || line[0] == '-'):
			before += line[1:]
		}
	}
	check()
}

// TestPatchesFitTheCode finds out cheaply whether every patch still applies, builds, and names tests that exist.
func TestPatchesFitTheCode(t *testing.T) {
	t.Parallel()
	for _, p := range patches(t) {
		t.Run(filepath.Base(p.path), func(t *testing.T) {
			t.Parallel()
			list := p.overlay(t)
			existing := testsOf(t, p.pkg)
			for _, name := range p.tests {
				if !slices.Contains(existing, name) {
					t.Errorf("%s: %s has no test %s", p.path, p.pkg, name)
				}
			}
			for _, file := range p.files {
				build := exec.Command("go", "build", "-overlay="+list, "./"+path.Dir(file))
				build.Dir = root
				if out, err := build.CombinedOutput(); err != nil {
					t.Errorf("%s does not build: %v\n%s", p.path, err, out)
				}
			}
		})
	}
}

// testFunc is the head of a test.
var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// testsOf are the names of a package's tests.
func testsOf(t *testing.T, pkg string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}

// testCommand runs the tests that must catch the patch, in a build with it.
func (p *patch) testCommand(t *testing.T, flags ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("go", "test", "-overlay="+p.overlay(t), "-count=1", fmt.Sprintf("-run=^(%s)$", strings.Join(p.tests, "|")), "./"+p.pkg)
	cmd.Args = append(cmd.Args, flags...)
	cmd.Dir = root
	return cmd
}
