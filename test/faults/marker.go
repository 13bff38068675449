package faults

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// prefix is what a marker begins with.
const prefix = "//failpoint:"

// marker is a point as the code has it.
type marker struct {
	name      string
	condition string // a Go expression; empty for none
	file      string // relative to the project
	line      int
}

// findMarkers reads the project below root. It returns the markers, and the files that have some with every marker turned
// into a call of pkg/failpoint. No line changes its number.
func findMarkers(root string) ([]marker, map[string][]byte, error) {
	var all []marker
	texts := make(map[string][]byte)
	for _, dir := range []string{"pkg", "services"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(source, []byte(prefix)) {
				return err
			}
			file, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			found, text, err := instrument(file, source)
			if len(found) > 0 {
				all = append(all, found...)
				texts[file] = text
			}
			return err
		})
		if err != nil {
			return nil, nil, fmt.Errorf("looking for failpoints: %w", err)
		}
	}
	return all, texts, nil
}

// instrument turns the markers of one file into calls.
func instrument(file string, source []byte) ([]marker, []byte, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, file, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, fmt.Errorf("parsing: %w", err)
	}
	var found []marker
	var text bytes.Buffer
	written := files.Position(tree.Name.End()).Offset // of source
	text.Write(source[:written])
	text.WriteString(`; import "github.com/oddscache/oddscache/pkg/failpoint"`)
	for _, group := range tree.Comments {
		for _, c := range group.List {
			directive, is := strings.CutPrefix(c.Text, prefix)
			if !is {
				continue
			}
			at := files.Position(c.Pos())
			if before := source[at.Offset-at.Column+1 : at.Offset]; len(bytes.TrimSpace(before)) > 0 {
				return nil, nil, fmt.Errorf("%v: a failpoint needs a line of its own", at)
			}
			m := marker{file: file, line: at.Line}
			m.name, m.condition, _ = strings.Cut(directive, " if ")
			found = append(found, m)
			text.Write(source[written:at.Offset])
			text.WriteString(m.call())
			written = at.Offset + len(c.Text)
		}
	}
	text.Write(source[written:])
	return found, text.Bytes(), nil
}

// call is the code that a marker becomes.
func (m marker) call() string {
	call := fmt.Sprintf("failpoint.Inject(%q)", m.name)
	if m.condition == "" {
		return call
	}
	return fmt.Sprintf("if %s { %s }", m.condition, call)
}
