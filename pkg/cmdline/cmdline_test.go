package cmdline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/oddscache/oddscache/pkg/cmdline"
)

// commands is a command line with two commands of different settings.
type commands struct {
	Serve struct {
		Interval time.Duration `default:"5m" env:"CMDLINE_INTERVAL" help:"Time between cycles."`
		Batch    int           `default:"7" env:"CMDLINE_BATCH" help:"Events at once."`
		Name     string        `env:"CMDLINE_NAME" help:"Any text."`
		Level    string        `default:"info" enum:"info,warn" env:"CMDLINE_LEVEL" help:"How much."`
	} `cmd:""`
	Check struct {
		Timeout time.Duration `default:"1s" env:"CMDLINE_TIMEOUT" help:"How long."`
	} `cmd:""`
}

func TestEverythingWrongWithTheEnvironmentIsReportedAtOnce(t *testing.T) { //nolint:paralleltest // it sets the environment
	for name, value := range map[string]string{
		"CMDLINE_INTERVAL": "often", "CMDLINE_BATCH": "many", "CMDLINE_NAME": "fine", "CMDLINE_TIMEOUT": "soon", "CMDLINE_LEVEL": "loud",
	} {
		t.Setenv(name, value)
	}
	parser, err := kong.New(&commands{}, cmdline.Options(t.Context(), "it", "It does things.")...)
	if err != nil {
		t.Fatal(err)
	}
	err = cmdline.CheckEnvironment(parser, []string{"serve"})
	if err == nil {
		t.Fatal("the environment is taken")
	}
	for _, part := range []string{`CMDLINE_INTERVAL is "often"`, "duration", `CMDLINE_BATCH is "many"`, "int", `CMDLINE_LEVEL is "loud"`, "info, warn"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q:\n%v", part, err)
		}
	}
	for _, other := range []string{"CMDLINE_NAME", "CMDLINE_TIMEOUT"} {
		if strings.Contains(err.Error(), other) {
			t.Errorf("the error names %s, which is right or another command's:\n%v", other, err)
		}
	}
	if _, err := parser.Parse([]string{"serve"}); err != nil {
		t.Errorf("the parser does not go on without them: %v", err)
	}
	t.Setenv("CMDLINE_INTERVAL", "1m")
	t.Setenv("CMDLINE_BATCH", "3")
	if err := cmdline.CheckEnvironment(parser, []string{"serve"}); err != nil {
		t.Errorf("a right environment is rejected: %v", err)
	}
}
