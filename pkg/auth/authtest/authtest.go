// Package authtest checks a service's table of rights. It is for tests alone.
package authtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/oddscache/oddscache/pkg/auth/guard"
)

// CheckRights compares a table with the methods that a server answers. Each needs a row, without which nobody may call
// it; no row is about a method that does not exist; and nothing but health is open.
func CheckRights(t *testing.T, rights map[string]guard.Right, methods []string) {
	t.Helper()
	for _, rpc := range methods {
		if rights[rpc] == "" {
			t.Errorf("%s has no row", rpc)
		}
		if open := rights[rpc] == guard.Open; open != strings.HasPrefix(rpc, "/grpc.health.v1.Health/") {
			t.Errorf("%s takes %q; health alone is open", rpc, rights[rpc])
		}
	}
	for row := range rights {
		if strings.Contains(row, ".") && !slices.Contains(methods, row) {
			t.Errorf("the row %s is about no rpc", row)
		}
	}
}
