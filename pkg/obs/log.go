// Package obs is what lets an operator see into a service: its logger, its metrics registry, its version, and the
// HTTP server on the admin port that shows them.
//
// It holds no metric of any service, and nothing that callers of the services talk to.
package obs

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// LogFormat is how log lines are written.
type LogFormat string

// The formats.
const (
	FormatText LogFormat = "text" // key=value, for people at a terminal
	FormatJSON LogFormat = "json" // one object a line, for collectors
)

// NewLogger returns a logger that writes to w. level is "debug", "info", "warn" or "error", in any case; as slog
// allows, an offset may follow: "info+1". It reports everything that is wrong at once.
func NewLogger(w io.Writer, format LogFormat, level string) (*slog.Logger, error) {
	var least slog.Level
	var problems []error
	if err := least.UnmarshalText([]byte(level)); err != nil {
		problems = append(problems, fmt.Errorf("log level is %q (must be debug, info, warn or error)", level))
	}
	options := &slog.HandlerOptions{Level: least}
	var handler slog.Handler
	switch format {
	case FormatText:
		handler = slog.NewTextHandler(w, options)
	case FormatJSON:
		handler = slog.NewJSONHandler(w, options)
	default:
		problems = append(problems, fmt.Errorf("log format is %q (must be %s or %s)", format, FormatText, FormatJSON))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return slog.New(handler), nil
}
