package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const root = "../.."

// retired are words that were private to this project, as parts of identifiers. CONTRIBUTING says what to write instead.
func retired() []string {
	return []string{
		"door", "doors", "tell", "told", "tells", "say", "said", "says", "ask", "asks", "asked", "refuse", "refused", "refusal",
		"refusals", "refuses", "patience", "pushed", "laggard", "heard", "doubt", "aside", "anew", "tally", "stand", "standing", "rests",
	}
}

// allowed are declarations that carry such a word all the same: the API's own fields, and words of another trade.
func allowed(name string) bool {
	return slices.Contains([]string{"standby", "StandBy"}, name)
}

// TestRetiredWords keeps the words from coming back as parts of declared names. Generated code is the API's.
func TestRetiredWords(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	for _, path := range goFiles(t) {
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range declared(file) {
			for _, word := range retired() {
				if slices.Contains(words(id.Name), word) && !allowed(id.Name) {
					t.Errorf("%s: %s has the retired word %q; CONTRIBUTING.md says what to write instead", files.Position(id.Pos()), id.Name, word)
				}
			}
		}
	}
}

// TestRetiredWordsAreExplained keeps the list here and the table for people the same.
func TestRetiredWordsAreExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range retired() {
		stem := strings.TrimSuffix(word, "s")
		if !strings.Contains(string(text), stem) {
			t.Errorf("CONTRIBUTING.md does not say what to write instead of %q", word)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"askAgain": "ask again", "ErrPushedBack": "err pushed back", "HTTPDoor": "http door", "TestIDs_Told": "test i ds told",
		"standby": "standby", "x": "x",
	} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("words(%q) are %q, want %q", name, got, want)
		}
	}
}

// goFiles are the Go files of the repository that people write.
func goFiles(t *testing.T) (paths []string) {
	t.Helper()
	for _, top := range []string{"pkg", "services", "test"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return fmt.Errorf("listing %s: %w", path, err)
			}
			if entry.IsDir() && (entry.Name() == "dbsqlc" || entry.Name() == "testdata") {
				return filepath.SkipDir
			}
			if strings.HasSuffix(path, ".go") {
				paths = append(paths, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) < 100 {
		t.Fatalf("found %d Go files below %s", len(paths), root)
	}
	return paths
}

// declared are the names that a file declares: packages, types, functions, constants, variables, fields, parameters.
func declared(file *ast.File) []*ast.Ident {
	names := []*ast.Ident{file.Name}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			names = append(names, n.Name)
		case *ast.TypeSpec:
			names = append(names, n.Name)
		case *ast.ValueSpec:
			names = append(names, n.Names...)
		case *ast.Field:
			names = append(names, n.Names...)
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if id, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE {
					names = append(names, id)
				}
			}
		case *ast.RangeStmt:
			for _, left := range []ast.Expr{n.Key, n.Value} {
				if id, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE {
					names = append(names, id)
				}
			}
		}
		return true
	})
	return names
}

// words are the parts of a name in mixed caps, in lower case.
func words(name string) []string {
	var (
		parts []string
		part  []rune
		runes = []rune(name)
	)
	flush := func() {
		if len(part) > 0 {
			parts = append(parts, strings.ToLower(string(part)))
		}
		part = nil
	}
	for i, r := range runes {
		afterLower := i > 0 && !unicode.IsUpper(runes[i-1])
		beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if r == '_' || unicode.IsUpper(r) && (afterLower || beforeLower) {
			flush()
		}
		if r != '_' {
			part = append(part, r)
		}
	}
	flush()
	return parts
}
