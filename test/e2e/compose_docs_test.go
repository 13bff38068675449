package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestComposeVariablesAreDocumented compares the variables that the compose files read with the table of them.
func TestComposeVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	files, err := filepath.Glob("../../docker-compose*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no compose files: %v", err)
	}
	used := make(map[string]bool)
	for _, file := range files {
		for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllStringSubmatch(read(file), -1) {
			used[m[1]] = true
		}
	}
	var documented []string
	// Its rows have no flag between variable and default, those of the services' settings do.
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| `[^-]").FindAllStringSubmatch(read("../../docs/operations.md"), -1) {
		documented = append(documented, m[1])
	}
	slices.Sort(documented)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(used)), documented); diff != "" {
		t.Errorf("docs/operations.md does not list the compose files' variables (-files +page):\n%s", diff)
	}
}
