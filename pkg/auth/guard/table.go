package guard

import "maps"

// Table returns a service's table of rights: those of its own rpcs, by full name, and those that every service has. Health
// is open to everybody, metrics to any certificate, profiles to operators; reflection takes the given right.
func Table(reflection Right, rpcs map[string]Right) map[string]Right {
	table := map[string]Right{
		"/grpc.health.v1.Health/Check":                                   Open,
		"/grpc.health.v1.Health/List":                                    Open,
		"/grpc.health.v1.Health/Watch":                                   Open,
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      reflection,
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": reflection,

		"/":             Known,
		"/healthz":      Open,
		"/readyz":       Open,
		"/metrics":      Known,
		"/debug/pprof/": Operate,
	}
	maps.Copy(table, rpcs)
	return table
}
