package faults

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/test/overlay"
)

// TestMarkersAreThePoints finds out cheaply whether every point is marked once, and whether the calls that the markers
// become still compile.
func TestMarkersAreThePoints(t *testing.T) {
	t.Parallel()
	markers, texts, err := findMarkers(root)
	if err != nil {
		t.Fatal(err)
	}
	missing := make(map[string]bool)
	for _, name := range slices.Concat(ScraperPoints(), CachePoints()) {
		if missing[name] {
			t.Errorf("%s is listed twice", name)
		}
		missing[name] = true
	}
	marked := make(map[string]marker)
	for _, m := range markers {
		if other, twice := marked[m.name]; twice {
			t.Errorf("%s:%d: %s is marked at %s:%d as well", m.file, m.line, m.name, other.file, other.line)
		} else if !missing[m.name] {
			t.Errorf("%s:%d: %q is not in points.go", m.file, m.line, m.name)
		}
		marked[m.name] = m
		delete(missing, m.name)
	}
	for name := range missing {
		t.Errorf("nothing marks %s: put the line %s%s where it belongs, or take it from points.go", name, prefix, name)
	}

	list, err := overlay.Write(t.TempDir(), root, texts)
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-overlay="+list)
	for file := range texts {
		if dir := "./" + path.Dir(file); !slices.Contains(build.Args, dir) {
			build.Args = append(build.Args, dir)
		}
	}
	if build.Dir = root; len(texts) == 0 {
		t.Fatal("the code has no markers")
	}
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("the code with failpoints: %v\n%s", err, out)
	}
}

func TestInstrument(t *testing.T) {
	t.Parallel()
	source := "// Package p is one.\npackage p\n\nfunc f(b bool) string {\n\t//failpoint:p.first\n\tb = !b\n\t//failpoint:p.second if b\n\treturn `\n//failpoint:p.text\n`\n}\n"
	want := "// Package p is one.\npackage p; import \"github.com/oddscache/oddscache/pkg/failpoint\"\n\nfunc f(b bool) string {\n" +
		"\tfailpoint.Inject(\"p.first\")\n\tb = !b\n\tif b { failpoint.Inject(\"p.second\") }\n\treturn `\n//failpoint:p.text\n`\n}\n"
	markers, text, err := instrument("p.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("the code with failpoints is\n%s\nwant\n%s", text, want)
	}
	if !slices.Equal(markers, []marker{{"p.first", "", "p.go", 5}, {"p.second", "b", "p.go", 7}}) {
		t.Errorf("the markers are %v", markers)
	}
	if _, _, err := instrument("p.go", []byte(strings.Replace(source, "= !b\n\t//", "= !b //", 1))); err == nil {
		t.Error("a marker behind code was accepted")
	}
}
