package main

import (
	"testing"

	"github.com/oddscache/oddscache/pkg/cmdline/cmdlinetest"
)

func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	cmdlinetest.Documented(t, new(cli), "../../../../docs/operations.md", "CACHE_")
}
