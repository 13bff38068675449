package scraper

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Database says where Postgres is. It holds a password as a rule, so it comes from the environment or from a file: the
// command line of a process can be read by everybody on its machine.
type Database struct {
	DatabaseURL     string `env:"SCRAPER_DATABASE_URL" help:"Postgres, as a URL or key=value pairs; as a flag without a password." json:"-" name:"database-url"`
	DatabaseURLFile string `env:"SCRAPER_DATABASE_URL_FILE" help:"File that holds what database-url would; for passwords that are kept in files." name:"database-url-file"`
}

// HasPassword reports whether the URL, or list of key=value pairs, names one. What cannot be read might.
func (d *Database) HasPassword() bool {
	text := d.DatabaseURL
	if !strings.Contains(text, "://") {
		return strings.Contains(text, "password")
	}
	u, err := url.Parse(text)
	if err != nil {
		return true
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// Resolve returns the URL, read from its file when there is one. Its errors never hold it.
func (d *Database) Resolve() (string, error) {
	if d.DatabaseURLFile == "" {
		return d.DatabaseURL, nil
	}
	if d.DatabaseURL != "" {
		return "", errors.New("database-url and database-url-file are both set (must be one of them)")
	}
	content, err := os.ReadFile(d.DatabaseURLFile)
	if err != nil {
		return "", fmt.Errorf("reading database-url-file: %w", err)
	}
	content = bytes.TrimSpace(content)
	if len(content) == 0 {
		return "", fmt.Errorf("reading database-url-file: %s is empty", d.DatabaseURLFile)
	}
	return string(content), nil
}
