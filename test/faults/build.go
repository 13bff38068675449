package faults

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// packageClause is behind which an import can be added.
var packageClause = regexp.MustCompile(`(?m)^package \w+\n`)

// Build builds a service's main with points, into dir, and returns the binary's path.
func Build(dir, service string, points []Point) (string, error) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return "", fmt.Errorf("finding the project: %w", err)
	}
	texts := make(map[string]string)
	for _, p := range points {
		path := filepath.Join(root, p.File)
		if texts[path] == "" {
			source, err := os.ReadFile(path)
			if err != nil {
				return "", fmt.Errorf("reading for %s: %w", p.Name, err)
			}
			at := packageClause.FindIndex(source)
			texts[path] = string(source[:at[1]]) + "\nimport \"github.com/oddscache/oddscache/pkg/failpoint\"\n" + string(source[at[1]:])
		}
		if texts[path], err = insert(texts[path], p); err != nil {
			return "", err
		}
	}
	replace := make(map[string]string)
	for path, text := range texts {
		changed := filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(path, root+"/"), "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("writing the overlay: %w", err)
		}
		replace[path] = changed
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("encoding the overlay: %w", err)
	}
	name := filepath.Join(dir, service+".json")
	if err := os.WriteFile(name, overlay, 0o600); err != nil {
		return "", fmt.Errorf("writing the overlay: %w", err)
	}
	bin := filepath.Join(dir, service)
	out, err := exec.Command("go", "build", "-overlay", name, "-o", bin,
		"github.com/oddscache/oddscache/services/"+service+"/cmd/"+service).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", service, err, out)
	}
	return bin, nil
}

// insert puts a point into a file.
func insert(text string, p Point) (string, error) {
	if n := strings.Count(text, p.Anchor); n != 1 {
		return "", fmt.Errorf("point %s: %s has its anchor %d times, want once: %q", p.Name, p.File, n, p.Anchor)
	}
	call := fmt.Sprintf("failpoint.Inject(%q)\n", p.Name)
	if p.When != "" {
		call = fmt.Sprintf("if %s {\n%s}\n", p.When, call)
	}
	if p.After {
		return strings.Replace(text, p.Anchor, p.Anchor+call, 1), nil
	}
	return strings.Replace(text, p.Anchor, call+p.Anchor, 1), nil
}
