package cluster

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// environ is what a process has to have in its environment for its settings to be those of cfg, a pointer to a service's
// Config: a variable for each setting that differs from defaults, a pointer to another one.
func environ(cfg, defaults any) ([]string, error) {
	changed, err := settings(cfg)
	if err != nil {
		return nil, err
	}
	usual, err := settings(defaults)
	if err != nil {
		return nil, err
	}
	var env []string
	for i, s := range changed {
		if s != usual[i] {
			env = append(env, s)
		}
	}
	return env, nil
}

// settings are all settings as NAME=value, in the order of the fields.
func settings(cfg any) (all []string, err error) {
	parser, err := kong.New(cfg, kong.Name("settings")) // which writes nothing before it parses
	if err != nil {
		return nil, fmt.Errorf("reading the settings' tags: %w", err)
	}
	for _, group := range parser.Model.AllFlags(false) {
		for _, flag := range group {
			if len(flag.Envs) > 0 {
				all = append(all, flag.Envs[0]+"="+text(flag.Target))
			}
		}
	}
	return all, nil
}

// text is a setting's value as the command line takes it.
func text(v reflect.Value) string {
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(v.Interface())
	}
	parts := make([]string, v.Len())
	for i := range parts {
		parts[i] = fmt.Sprint(v.Index(i).Interface())
	}
	return strings.Join(parts, ",")
}
