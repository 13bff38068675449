package postgres

import (
	"maps"
	"slices"
	"time"
)

// stopTimeout is how long a fast shutdown may take before Halt kills the server. A shutdown writes a checkpoint,
// which takes 40 ms on an idle server and seconds on a busy disk.
const stopTimeout = 30 * time.Second

// Options say what kind of server Start makes. The zero value is a throw-away server of the newest version that the
// system has.
type Options struct {
	// Dir keeps the data directory and the log across runs; it is made when missing. Empty means a temporary
	// directory that Stop removes. Started by root, every parent must let the unprivileged user through (0711 will
	// do); Start says which one does not.
	Dir string
	// BinDir holds initdb and postgres. Empty means the newest that Find finds.
	BinDir string
	// Settings override the server's settings by name, for instance {"synchronous_commit": "off"}.
	Settings map[string]string
	// StandbyOf makes the new server a standby of this one, with a copy of its data, instead of an empty server. It
	// follows through the other's socket under the name Standby, until somebody promotes it.
	StandbyOf *Server
	// Env is added to the server's environment, each "NAME=value".
	Env []string
}

// port is in the socket's name, and where the server listens if settings say that it does.
func (o Options) port() string {
	if p := o.Settings["port"]; p != "" {
		return p
	}
	return defaultPort
}

// settings returns the server's command line settings, sorted by name.
//
// synchronous_commit stays on: whoever follows the feed has seen a committed revision, so a killed server must come
// back with it. fsync costs most of the time of a small commit and matters only when the machine itself goes down,
// so a throw-away server does without. full_page_writes stays on even there: a killed process can leave half of an
// 8 KiB page written.
func (o Options) settings(socketDir string) []string {
	all := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": socketDir,
		"port":                    defaultPort, // names the socket; the environment's PGPORT would change it
		"max_connections":         "100",
		"shared_buffers":          "32MB",
		"max_wal_size":            "256MB",
		"min_wal_size":            "32MB",
		"synchronous_commit":      "on",
		"full_page_writes":        "on",
		"fsync":                   "on",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"logging_collector":       "off",
	}
	if o.Dir == "" {
		all["fsync"] = "off"
	}
	maps.Copy(all, o.Settings)

	args := make([]string, 0, 2*len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", name+"="+all[name])
	}
	return args
}
