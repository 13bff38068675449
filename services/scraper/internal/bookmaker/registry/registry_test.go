package registry_test

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/client"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/limit"
	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
	"github.com/oddscache/oddscache/services/scraper/internal/mapping"
	"github.com/oddscache/oddscache/services/scraper/internal/odds"
)

// Every row can be made a client of, in each of its countries.
func TestRows(t *testing.T) {
	t.Parallel()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	last := int16(0)
	for _, b := range registry.All() {
		if b.Number <= last {
			t.Errorf("%s has number %d after %d", b.Name, b.Number, last)
		}
		last = b.Number
		group, err := limit.NewGroup(map[odds.Bookmaker]limit.Config{b.Name: b.Limits})
		if err != nil {
			t.Error(err)
			continue
		}
		c, err := b.NewClient(table, client.Config{}, group.Limiter(b.Name), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		c.Close()
		if c.Bookmaker() != b.Name {
			t.Errorf("the client of %s is one of %s", b.Name, c.Bookmaker())
		}
		for _, country := range b.Countries {
			if u, err := url.Parse(country.URL); err != nil || u.Scheme != "https" || u.Host == "" || len(country.Code) != 2 {
				t.Errorf("%s: country %+v", b.Name, country)
			}
		}
	}
}

// Whoever has ids of its own in the mapping's tables has a row, and the column that they stand in.
func TestMappingNamesRows(t *testing.T) {
	t.Parallel()
	table, err := mapping.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range table.Bookmakers() {
		if !registry.Known(name) {
			t.Errorf("the mapping's tables name %s, which has no row", name)
		}
	}
}

// Every bookmaker's package runs the conformance suite.
func TestConformanceIsTested(t *testing.T) {
	t.Parallel()
	for _, name := range registry.Names() {
		text, err := os.ReadFile(filepath.Join("..", string(name), "conformance_test.go"))
		if err != nil || !bytes.Contains(text, []byte("bookmakertest.Run(")) {
			t.Errorf("conformance_test.go of %s does not call bookmakertest.Run: %v", name, err)
		}
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	names := registry.Names()
	if !slices.IsSortedFunc(names, registry.Compare) || !names[0].Reference() {
		t.Errorf("bookmakers are %v", names)
	}
	for _, name := range names {
		if row, ok := registry.Lookup(name); !ok || row.Name != name || !registry.Known(name) || registry.Compare(name, "nobody") >= 0 {
			t.Errorf("%s: row %+v, found %t", name, row, ok)
		}
	}
	if _, ok := registry.Lookup("nobody"); ok || registry.Known("nobody") || registry.Compare("nobody", "nobody") != 0 {
		t.Error("an unknown bookmaker is known")
	}
}
