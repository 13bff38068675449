package obs

import (
	"cmp"
	"log/slog"
	"runtime/debug"
)

// unknown is the value of what cannot be read out of the binary.
const unknown = "unknown"

// revision is the commit of a build without version control, such as an image's: the linker sets it with -X.
var revision string //nolint:gochecknoglobals // the linker sets nothing else

// Build says what a binary was built from, as far as the linker recorded it.
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
	return buildOf(info, revision)
}

// buildOf reads the linker's records; given is the commit where they have none.
func buildOf(info *debug.BuildInfo, given string) Build {
	settings := make(map[string]string, len(info.Settings))
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := cmp.Or(settings["vcs.revision"], given, unknown)
	if settings["vcs.modified"] == "true" {
		commit += "+dirty"
	}
	return Build{
		Version:  cmp.Or(info.Main.Version, unknown),
		Revision: commit,
		Time:     cmp.Or(settings["vcs.time"], unknown),
		Go:       cmp.Or(info.GoVersion, unknown),
	}
}

// LogValue makes the build one group of a log line.
func (b Build) LogValue() slog.Value {
	return slog.GroupValue(slog.String("version", b.Version), slog.String("revision", b.Revision), slog.String("go", b.Go))
}
