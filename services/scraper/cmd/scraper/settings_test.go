package main

import (
	"testing"

	"github.com/oddscache/oddscache/pkg/cmdline/cmdlinetest"
)

func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	cmdlinetest.Documented(t, newCLI(), "../../../../docs/operations.md", "SCRAPER_")
}
