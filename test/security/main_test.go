// Package security tries to get into both services, and to hurt them, in many ways, and wants a clear response each time
// while others are served on. What each attempt meets is a table, of which docs/security.md holds a copy.
//
// It is not for what callers with every right may ask: see the package test.
package security

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/test/cluster"
)

func TestMain(m *testing.M) { cluster.Main(m, goleak.IgnoreCurrent()) }
