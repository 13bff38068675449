package cluster

import (
	"maps"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	oddscachev1 "github.com/oddscache/oddscache/proto/gen/oddscache/v1"
)

// BySrID are events by their SportRadar ids.
func BySrID(events []*oddscachev1.EventSnapshots) map[string]*oddscachev1.EventSnapshots {
	m := make(map[string]*oddscachev1.EventSnapshots, len(events))
	for _, e := range events {
		m[e.GetEvent().GetSrId()] = e
	}
	return m
}

// Diff says how two sets of events with their snapshots differ; empty when they do not. What is equal is set aside
// before: describing tens of thousands of markets that do not differ takes minutes under the race detector.
func Diff(want, got map[string]*oddscachev1.EventSnapshots) string {
	without := func(these, those map[string]*oddscachev1.EventSnapshots) map[string]*oddscachev1.EventSnapshots {
		these = maps.Clone(these)
		maps.DeleteFunc(these, func(srID string, e *oddscachev1.EventSnapshots) bool {
			other, is := those[srID]
			return is && proto.Equal(e, other)
		})
		return these
	}
	return cmp.Diff(without(want, got), without(got, want), protocmp.Transform())
}
