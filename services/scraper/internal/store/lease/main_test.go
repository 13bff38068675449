package lease_test

import (
	"testing"

	"github.com/oddscache/oddscache/pkg/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
