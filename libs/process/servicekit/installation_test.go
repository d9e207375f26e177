package servicekit_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
)

// TestPreparingOwnsNothing: a job that only creates indexes has no keys of the installation. The first component that
// starts owns the database, and one of another installation doesn't start.
func TestPreparingOwnsNothing(t *testing.T) {
	t.Parallel()
	store, err := embedmongo.Start(t.Context(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for _, key := range []string{"nothing", "ours", "other"} {
		s := config(store.URI())
		s.AssertionKeys = []string{strings.Repeat(key, 10)}
		service, err := servicekit.New(t.Context(), "notes", s)
		if err != nil {
			t.Fatal(err)
		}
		unit, err := service.Unit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if key == "nothing" {
			if err := unit.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
			continue
		}
		running, err := runner.Start(unit)
		if key == "other" {
			if err == nil || !strings.Contains(err.Error(), "MONGODB_ADOPT") {
				t.Errorf("another installation: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := running.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
