// Package cmdline reads the flags and the environment of the binaries, all in one manner, with help in groups, and reports
// everything that is wrong with the environment at once. Services have their main function from it, and the settings of logs
// and of health checks.
//
// What a setting means and may be is said by each service's Config and its Validate.
package cmdline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// helpWidth is how wide help gets at most, in columns.
const helpWidth = 120

// Parse reads the process's flags and environment into cli, a pointer to kong's structure of commands, and ends the
// process when they cannot be read. Commands get ctx when their Run asks for it.
func Parse(ctx context.Context, cli any, name, description string) *kong.Context {
	parser := kong.Must(cli, Options(ctx, name, description)...)
	unread := CheckEnvironment(parser, os.Args[1:])
	parsed, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(errors.Join(unread, err))
	return parsed
}

// Options are those of every binary's parser.
func Options(ctx context.Context, name, description string) []kong.Option {
	return []kong.Option{
		kong.Name(name), kong.Description(description), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.ShortUsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: helpWidth}),
	}
}

// CheckEnvironment reports every variable of the command that args select which its flag cannot take, and removes it from
// the environment: the parser, which would have stopped at the first one, goes on to what else is wrong.
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
			if err := take(flag, value); err != nil {
				errs = append(errs, fmt.Errorf("%s is %q (%w)", name, value, err), os.Unsetenv(name))
			}
		}
	}
	return errors.Join(errs...)
}

// take reports why a flag cannot take a value.
func take(flag *kong.Flag, value string) error {
	target := reflect.New(flag.Target.Type()).Elem()
	if err := flag.Parse(kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: value}), target); err != nil {
		return err //nolint:wrapcheck // it names the flag, and the caller the variable
	}
	if allowed := flag.EnumMap(); flag.Enum != "" && !allowed[value] {
		return fmt.Errorf("--%s must be one of %s", flag.Name, strings.Join(flag.EnumSlice(), ", "))
	}
	return nil
}
