package scraper

import (
	"fmt"
	"iter"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/oddscache/oddscache/services/scraper/internal/bookmaker/registry"
)

// Bookmaker is how one bookmaker is read.
type Bookmaker struct {
	URL     string        `env:"URL" help:"Scheme and host; empty for the live site." name:"url"`
	Slots   int           `env:"SLOTS" help:"Requests in flight at most; 0 for the bookmaker's default." name:"slots"`
	Spacing time.Duration `env:"SPACING" help:"Least time between two requests; 0 for the bookmaker's default." name:"spacing"`

	// Off leaves it out. It is for programs; the default is the registry's.
	Off bool `kong:"-"`
}

// bookmakerSettings holds a Bookmaker for each row of the registry, in its order, as kong reads them: each is the only
// field of a struct, whose tag prefixes flags and variables with the bookmaker's name.
func bookmakerSettings() kong.Plugins {
	var all kong.Plugins
	for _, b := range registry.All() {
		name := string(b.Name)
		holder := reflect.New(reflect.StructOf([]reflect.StructField{{
			Name: "Bookmaker", Type: reflect.TypeFor[Bookmaker](),
			Tag: reflect.StructTag(fmt.Sprintf(`embed:"" prefix:"%s-" envprefix:"SCRAPER_%s_"`, name, strings.ToUpper(name))),
		}}))
		settings(holder.Interface()).Off = b.Off
		all = append(all, holder.Interface())
	}
	return all
}

// settings is the Bookmaker that holder holds.
func settings(holder any) *Bookmaker {
	b, _ := reflect.TypeAssert[*Bookmaker](reflect.ValueOf(holder).Elem().Field(0).Addr())
	return b
}

// EachBookmaker is the settings of all bookmakers by their names, in the order of precedence, to be read or changed.
// Copies of a Config share them.
func (c Config) EachBookmaker() iter.Seq2[string, *Bookmaker] {
	return func(yield func(string, *Bookmaker) bool) {
		for i, name := range Bookmakers() {
			if !yield(name, settings(c.Bookmakers[i])) {
				return
			}
		}
	}
}

// Bookmaker is the settings of the bookmaker of that name. It panics when there is none.
func (c Config) Bookmaker(name string) *Bookmaker {
	for known, b := range c.EachBookmaker() {
		if known == name {
			return b
		}
	}
	panic(fmt.Sprintf("there is no bookmaker %q", name))
}

// bookmakerProblems is what is wrong with the settings of the bookmakers.
func (c Config) bookmakerProblems() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for name, b := range c.EachBookmaker() {
		if b.URL != "" {
			if u, err := url.Parse(b.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
				bad("%s-url is %q (must be a scheme, http or https, and a host)", name, b.URL)
			}
		}
		if b.Slots < 0 || b.Slots > 1000 {
			bad("%s-slots is %d (must be 0 to 1000)", name, b.Slots)
		}
		if b.Spacing < 0 || b.Spacing > time.Minute {
			bad("%s-spacing is %v (must be 0 to 1m)", name, b.Spacing)
		}
	}
	return errs
}
