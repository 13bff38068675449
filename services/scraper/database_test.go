package scraper

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDatabaseURLComesFromItsFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("postgres://me:hunter2@db/odds\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := (&Database{DatabaseURLFile: file}).Resolve()
	if err != nil || got != "postgres://me:hunter2@db/odds" {
		t.Errorf("got %q, %v", got, err)
	}
	for what, d := range map[string]Database{
		"both set":                  {DatabaseURL: "postgres://db", DatabaseURLFile: file},
		"no such file or directory": {DatabaseURLFile: file + "2"},
		"is empty":                  {DatabaseURLFile: os.DevNull},
	} {
		if _, err := d.Resolve(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
}
