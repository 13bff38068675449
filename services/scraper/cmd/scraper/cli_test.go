package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestPasswordsAreNoFlags parses command lines with and without a password.
func TestPasswordsAreNoFlags(t *testing.T) { //nolint:paralleltest // it sets the environment
	const secret = "hunter2"
	parse := func(args ...string) error {
		t.Helper()
		parser, err := kong.New(newCLI())
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(args)
		return err //nolint:wrapcheck // it is the test's subject
	}
	for _, command := range []string{"serve", "migrate"} {
		for _, value := range []string{
			"postgres://me:" + secret + "@db/odds", "postgres://me@db/odds?password=" + secret,
			"host=db password=" + secret, "postgres://me:" + secret + "%@db/odds",
		} {
			err := parse(command, "--database-url="+value)
			if !errors.Is(err, errPasswordInFlag) || strings.Contains(err.Error(), secret) {
				t.Errorf("%s %s: %v", command, value, err)
			}
			t.Setenv("SCRAPER_DATABASE_URL", value)
			if err := parse(command); err != nil {
				t.Errorf("%s with %s in the environment: %v", command, value, err)
			}
			t.Setenv("SCRAPER_DATABASE_URL", "")
		}
		if err := parse(command, "--database-url=postgres://me@db/odds"); err != nil {
			t.Errorf("%s without a password: %v", command, err)
		}
	}
}
