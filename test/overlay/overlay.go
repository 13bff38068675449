// Package overlay builds the project with some source files replaced, by way of the go command's -overlay.
package overlay

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Write writes the replacements, texts by the file's path relative to root, and the file that -overlay takes into dir.
// It returns the latter's path.
func Write(dir, root string, texts map[string][]byte) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", fmt.Errorf("finding the project: %w", err)
	}
	replace := make(map[string]string)
	for file, text := range texts {
		replacement := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(replacement, text, 0o600); err != nil {
			return "", fmt.Errorf("writing an overlay: %w", err)
		}
		replace[filepath.Join(root, file)] = replacement
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("encoding an overlay: %w", err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, list, 0o600); err != nil {
		return "", fmt.Errorf("writing an overlay: %w", err)
	}
	return name, nil
}
