package api

import oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"

// Cost is how many lookups a call counts as against the rate of its caller: one for each event that it requests.
func Cost(request any) int {
	switch r := request.(type) {
	case *oddscachev1.BatchGetEventsRequest:
		return max(1, min(len(r.GetKeys()), maxKeys))
	case *oddscachev1.ResolveCompetitorEventsRequest:
		return max(1, min(len(r.GetCompetitorEvents()), maxKeys))
	case *oddscachev1.ListEventsRequest:
		if size, err := pageSize(r); err == nil {
			return max(1, size)
		}
	}
	return 1
}
