package postgres

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		out  string
		want int
		fail bool
	}{
		{out: "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", want: 15},
		{out: "postgres (PostgreSQL) 9.6.24", want: 9},
		{out: "postgres (PostgreSQL) 19devel", want: 19},
		{out: "postgres (PostgreSQL) 17", want: 17},
		{out: "postgres (PostgreSQL) devel", fail: true},
		{out: "postgres 15.14", fail: true},
		{out: "", fail: true},
	} {
		got, err := parseVersion(test.out)
		if got != test.want || (err != nil) != test.fail {
			t.Errorf("parseVersion(%q) = %d, %v; want %d, failure %t", test.out, got, err, test.want, test.fail)
		}
	}
}

func TestCandidatesBeginWithTheNewest(t *testing.T) {
	t.Setenv("PATH", "")
	root := t.TempDir()
	for _, file := range []string{"9/bin/initdb", "9/bin/postgres", "16/bin/initdb", "16/bin/postgres", "15/bin/psql"} {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{filepath.Join(root, "16/bin"), filepath.Join(root, "9/bin")}
	if diff := cmp.Diff(want, candidates(t.Context(), root)); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
}

func TestSweepRemovesWhatNobodyOwns(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	abandoned := filepath.Join(base, runDirPattern+"1")
	owned := filepath.Join(base, runDirPattern+"2")
	young := filepath.Join(base, runDirPattern+"3") // its owner file is still being made
	for _, dir := range []string{abandoned, owned, young} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(abandoned, ownerFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := lockOwner(owned)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()

	sweep(base)
	for dir, want := range map[string]bool{abandoned: false, owned: true, young: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: got %v, want it kept: %t", dir, err, want)
		}
	}
}
