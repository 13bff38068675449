package security

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// attempt is one try to get in or to hurt.
type attempt struct {
	name string
	want string // what it has to meet
	try  func(*testing.T, *testbed) string
}

// attempts are all of them, in the order of the table.
func attempts() []attempt {
	return slices.Concat(starting(), connecting(), identities(), admins(), bearers(), requests(), frames(), floods(), slow(), unread())
}

// TestAttempts makes one attempt after the other. After each, the neighbour is served and nothing is left behind.
func TestAttempts(t *testing.T) { //nolint:paralleltest // it counts the goroutines of the process
	s := newTestbed(t)
	ran := 0
	var table strings.Builder
	table.WriteString("| attempt | meets |\n|---|---|\n")
	for _, a := range attempts() {
		t.Run(a.name, func(t *testing.T) {
			got := a.try(t, s)
			ran++
			fmt.Fprintf(&table, "| %s | %s |\n", a.name, cell(got))
			if got != a.want {
				t.Errorf("it meets\n%s, want\n%s", got, a.want)
			}
		})
		s.lookup(t)
		s.calmAgain(t)
	}
	t.Logf("%d attempts\n%s", ran, table.String())
	if ran == len(attempts()) { // and not some of them, by -run
		compare(t, table.String())
	}
}

// cell writes a text into a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// The table stands between these lines of the page.
const (
	page0    = "../../docs/security.md"
	begin    = "<!-- attempts: written by SECURITY_WRITE=1 go test ./test/security -->\n"
	end      = "<!-- end of attempts -->\n"
	writeEnv = "SECURITY_WRITE"
)

// compare compares the table with the page's copy, or writes it there when asked to.
func compare(t *testing.T, table string) {
	t.Helper()
	content, err := os.ReadFile(page0)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), begin)
	copied, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the table", page0)
	}
	if copied == table {
		return
	}
	if os.Getenv(writeEnv) == "" {
		t.Errorf("the table in %s is another one; write it again with %s=1", page0, writeEnv)
		return
	}
	if err := os.WriteFile(page0, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
