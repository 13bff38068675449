package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oddscache/oddscache/services/scraper/internal/store"
)

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	if err := (store.Config{}).Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := store.Config{
		LeaseFor: time.Millisecond, Grace: -1, HistoryRetention: time.Hour, CycleRetention: -1, PartitionsAhead: -1,
		CollapseShare: 1.5, CollapseFloor: -1, CollapseCycles: -1,
	}
	err := bad.Validate()
	if err == nil {
		t.Fatal("nothing is wrong with a configuration that is all wrong")
	}
	for _, field := range []string{
		"LeaseFor 1ms", "Grace -1ns", "HistoryRetention 1h", "CycleRetention -1ns", "PartitionsAhead -1", "CollapseShare 1.5",
		"CollapseFloor -1", "CollapseCycles -1",
	} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("the error does not say %q:\n%v", field, err)
		}
	}
}
