package bookiesim

import (
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/goleak"

	"github.com/oddscache/oddscache/services/bookiesim/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parse reads a command line.
func parse(t *testing.T, args ...string) Config {
	t.Helper()
	var cfg Config
	parser, err := kong.New(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestConfigMakesAWorld(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		check func(sim.Config) bool
	}{
		{"defaults", nil, func(c sim.Config) bool { return c.Events == 320 && c.Tick == time.Minute && c.MoveShare == 0.05 }},
		{"real", []string{"--profile=real"}, func(c sim.Config) bool {
			return c.Events == 1291 && c.Offered == sim.Each[int]{1121, 1276, 1225} && c.Latency == sim.RealLatency()
		}},
		{"real at once", []string{"--profile=real", "--latency=0"}, func(c sim.Config) bool { return c.Latency == sim.Each[sim.Latency]{} }},
		{"fewer events", []string{"--events=10"}, func(c sim.Config) bool { return c.Events == 10 && c.Validate() == nil }},
		{"one event", []string{"--events=1"}, func(c sim.Config) bool { return c.Events == 1 && c.Validate() == nil }},
		{"still", []string{"--still"}, func(c sim.Config) bool { return c.Life == sim.Life{} }},
		{"closings", nil, func(c sim.Config) bool { return c.Closings.Markets == 0.02 && c.Closings.Outcomes == 0.004 }},
		{"no closings", []string{"--closed=0"}, func(c sim.Config) bool { return c.Closings.Markets == 0 && c.Closings.Outcomes == 0 }},
		{"limits", []string{"--limits"}, func(c sim.Config) bool { return c.Limits[2].Concurrency == 15 }},
		{"fault", []string{"--fault=bet9ja:slow:0.5"}, func(c sim.Config) bool {
			return len(c.Faults) == 1 && c.Faults[0].Share == 0.5 && c.Faults[0].Delay == 2*time.Second
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parse(t, tt.args...).World()
			if err != nil || !tt.check(c) {
				t.Errorf("%v: %+v, %v", tt.args, c, err)
			}
		})
	}
	t.Setenv("BOOKIESIM_BET9JA_LISTEN", "127.0.0.1:7")
	if got := parse(t).Bet9jaListen; got != "127.0.0.1:7" {
		t.Errorf("BOOKIESIM_BET9JA_LISTEN is not read: %q", got)
	}
	for _, text := range []string{"bet9ja", "bet9ja:flood", "bet9ja:slow:much", "nobody:slow"} {
		if _, err := parseFault(text); err == nil {
			t.Errorf("fault %q is taken", text)
		}
	}
}
