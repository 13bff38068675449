package docs_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirement is a line of a go.mod that requires another project's module directly.
var requirement = regexp.MustCompile(`(?m)^(?:require )?\s*([a-z][\w.-]*\.[a-z]+/\S+) v\S+$`)

// TestEveryDependencyHasItsLine compares the first column of ADR 4 with what the go.mod files require directly. A line
// names modules by the ends of their paths; one with brackets is for a tool or an image.
func TestEveryDependencyHasItsLine(t *testing.T) {
	t.Parallel()
	named := make(map[string]bool) // whether a module has that name
	table, _, _ := strings.Cut(read(t, "docs/adr/0004-dependencies.md"), "\nWritten by hand")
	_, table, _ = strings.Cut(table, "|---|---|---|\n")
	for line := range strings.Lines(table) {
		name := strings.Split(line, "|")[1]
		if strings.Contains(name, "(") {
			continue
		}
		for name := range strings.SplitSeq(name, ",") {
			named[strings.TrimSpace(name)] = false
		}
	}
	for _, dir := range []string{"pkg", "proto", "services/bookiesim", "services/cache", "services/scraper", "services/standalone", "test"} {
		for _, m := range requirement.FindAllStringSubmatch(read(t, dir+"/go.mod"), -1) {
			if strings.HasPrefix(m[1], "github.com/oddscache/") {
				continue
			}
			found := false
			for name := range named {
				if name == m[1] || strings.HasSuffix(m[1], "/"+name) {
					named[name], found = true, true
				}
			}
			if !found {
				t.Errorf("%s requires %s, which has no line in ADR 4", dir, m[1])
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if !named[name] {
			t.Errorf("ADR 4 has a line for %s, which nobody requires", name)
		}
	}
}
