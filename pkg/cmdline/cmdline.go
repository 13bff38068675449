// Package cmdline reads the flags and the environment of the binaries, all in one manner: help in groups, and what is
// wrong with the environment said all at once.
//
// It is not for what a setting means or may be: that is each service's Config and its Validate.
package cmdline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/alecthomas/kong"
)

// helpWidth is how wide help gets at most, in columns.
const helpWidth = 120

// Parse reads the process's flags and environment into cli, a pointer to kong's structure of commands, and ends the
// process when they cannot be read. Commands get ctx when their Run asks for it.
func Parse(ctx context.Context, cli any, name, description string) *kong.Context {
	parser := kong.Must(cli, Options(ctx, name, description)...)
	parser.FatalIfErrorf(CheckEnvironment(parser, os.Args[1:]))
	parsed, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	return parsed
}

// Options are those of every binary's parser.
func Options(ctx context.Context, name, description string) []kong.Option {
	return []kong.Option{
		kong.Name(name), kong.Description(description), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.ShortUsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: helpWidth}),
	}
}

// CheckEnvironment reports every variable of the command that args select whose value is not of its flag's type. The
// parser itself would stop at the first one.
func CheckEnvironment(parser *kong.Kong, args []string) error {
	trace, err := kong.Trace(parser, args)
	if err != nil {
		return fmt.Errorf("reading the command line: %w", err)
	}
	var errs []error
	for _, flag := range trace.Flags() {
		for _, name := range flag.Envs {
			value, ok := os.LookupEnv(name)
			if !ok {
				continue
			}
			target := reflect.New(flag.Target.Type()).Elem()
			if err := flag.Parse(kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: value}), target); err != nil {
				errs = append(errs, fmt.Errorf("%s is %q: %w", name, value, err))
			}
		}
	}
	return errors.Join(errs...)
}
