package postgres_test

import (
	"os"
	"testing"

	"github.com/oddscache/oddscache/pkg/postgres"
)

func TestStateDir(t *testing.T) {
	t.Setenv("HOME", "/home/trader")
	for _, test := range []struct{ xdg, want string }{
		{xdg: "", want: "/home/trader/.local/state/oddscache"},
		{xdg: "relative", want: "/home/trader/.local/state/oddscache"},
		{xdg: "/state", want: "/state/oddscache"},
	} {
		if os.Geteuid() == 0 {
			test.want = "/var/lib/oddscache"
		}
		t.Setenv("XDG_STATE_HOME", test.xdg)
		got, err := postgres.StateDir("oddscache")
		if err != nil || got != test.want {
			t.Errorf("with XDG_STATE_HOME=%q: got %q, %v; want %q", test.xdg, got, err, test.want)
		}
	}
}
