package obs

import (
	"cmp"
	"log/slog"
	"runtime/debug"
)

// unknown stands for what the binary does not tell about itself.
const unknown = "unknown"

// Build says what a binary was built from. The linker's own records tell, so nothing has to be passed to the build.
type Build struct {
	// Version is the main module's: "(devel)" for a build in a work tree without tags.
	Version string
	// Revision is the commit, with "+dirty" when files had been changed; "unknown" without version control.
	Revision string
	// Time is the commit's, RFC 3339.
	Time string
	// Go is the toolchain's version.
	Go string
}

// ReadBuild reads what this binary was built from.
func ReadBuild() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{Version: unknown, Revision: unknown, Time: unknown, Go: unknown}
	}
	return buildOf(info)
}

// buildOf picks the facts out of the linker's records.
func buildOf(info *debug.BuildInfo) Build {
	settings := make(map[string]string, len(info.Settings))
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := cmp.Or(settings["vcs.revision"], unknown)
	if settings["vcs.modified"] == "true" {
		revision += "+dirty"
	}
	return Build{
		Version:  cmp.Or(info.Main.Version, unknown),
		Revision: revision,
		Time:     cmp.Or(settings["vcs.time"], unknown),
		Go:       cmp.Or(info.GoVersion, unknown),
	}
}

// LogValue makes the build one group of a log line.
func (b Build) LogValue() slog.Value {
	return slog.GroupValue(slog.String("version", b.Version), slog.String("revision", b.Revision), slog.String("go", b.Go))
}
