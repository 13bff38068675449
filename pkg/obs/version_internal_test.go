package obs

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuildOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		info  debug.BuildInfo
		given string
		want  Build
	}{
		"nothing known": {want: Build{Version: "unknown", Revision: "unknown", Time: "unknown", Go: "unknown"}},
		"a changed work tree": {
			info: debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-22T10:00:00Z"}, {Key: "vcs.modified", Value: "true"},
			}},
			want: Build{Version: "(devel)", Revision: "abc+dirty", Time: "2026-11-22T10:00:00Z", Go: "go1.26.8"},
		},
		"an image": {
			info: debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}}, given: "v0.1.0-3-gabc",
			want: Build{Version: "(devel)", Revision: "v0.1.0-3-gabc", Time: "unknown", Go: "go1.26.8"},
		},
		"a clean one": {
			given: "another",
			info: debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v0.1.0"}, Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"},
			}},
			want: Build{Version: "v0.1.0", Revision: "abc", Time: "unknown", Go: "go1.26.8"},
		},
	} {
		if diff := cmp.Diff(test.want, buildOf(&test.info, test.given)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
