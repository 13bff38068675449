// Package cmdlinetest compares the table of a binary's settings on a page of the documentation with the flags themselves.
// It is for tests alone.
package cmdlinetest

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/oddscache/oddscache/pkg/cmdline"
)

// Documented requires that the page's rows of a variable with the prefix, such as "SCRAPER_", and a flag are exactly the
// settings of cli, in the order of the help.
func Documented(t *testing.T, cli any, page, prefix string) {
	t.Helper()
	want, got := settings(t, cli), rows(t, page, prefix)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the flags say (-flags +page):\n%s\nthe table should be:\n%s", page, diff, strings.Join(want, "\n"))
	}
}

// settings makes a row of each flag that has a variable. A variable that several commands read has the row of the first.
func settings(t *testing.T, cli any) (rows []string) {
	t.Helper()
	parser, err := kong.New(cli, cmdline.Options(t.Context(), "it", "")...)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	err = kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			for _, name := range flag.Envs {
				if !seen[name] {
					rows = append(rows, row(name, flag))
				}
				seen[name] = true
			}
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatal("no settings were found")
	}
	return rows
}

// row is a flag as a row of the table: variable, flag, default, help without its full stop.
func row(name string, flag *kong.Flag) string {
	value := "–"
	if flag.HasDefault {
		value = "`" + flag.Default + "`"
	}
	return fmt.Sprintf("| `%s` | `--%s` | %s | %s |", name, flag.Name, value, strings.TrimSuffix(flag.Help, "."))
}

// rows are the page's lines that begin with a variable and a flag.
func rows(t *testing.T, page, prefix string) (rows []string) {
	t.Helper()
	file, err := os.Open(page)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	setting := regexp.MustCompile("^\\| `" + prefix + "[A-Z0-9_]+` \\| `--")
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if setting.MatchString(lines.Text()) {
			rows = append(rows, lines.Text())
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}
