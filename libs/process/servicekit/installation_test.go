package servicekit_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
)

// TestDatabaseBelongsToOneInstallation: a component doesn't start on a database that belongs to an installation with
// other assertion keys, in which it would deliver the other's webhooks.
func TestDatabaseBelongsToOneInstallation(t *testing.T) {
	t.Parallel()
	store, err := embedmongo.Start(t.Context(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	a, b, c := strings.Repeat("a", 32), strings.Repeat("b", 32), strings.Repeat("c", 32)
	for _, step := range []struct {
		what     string
		keys     []string
		database string
		adopt    bool
		starts   bool
	}{
		{"a new database", []string{a}, "", false, true},
		{"the same installation", []string{a}, "", false, true},
		{"another installation", []string{c}, "", false, false},
		{"another installation in a database of its own", []string{c}, "other", false, true},
		{"a rotation begins", []string{a, b}, "", false, true},
		{"a rotation goes on", []string{b, a}, "", false, true},
		{"a rotation ends", []string{b}, "", false, true},
		{"another installation takes over", []string{c}, "", true, true},
		{"and stays", []string{c}, "", false, true},
	} {
		s := config(store.URI())
		s.AssertionKeys, s.Mongo.Database, s.Adopt = step.keys, step.database, step.adopt
		service, err := servicekit.New(t.Context(), "notes", s)
		if err != nil {
			t.Fatal(err)
		}
		unit, err := service.Unit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		running, err := runner.Start(unit)
		if running != nil {
			if err := running.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if step.starts != (err == nil) || err != nil && !strings.Contains(err.Error(), "MONGODB_ADOPT") {
			t.Errorf("%s: %v", step.what, err)
		}
	}
}

// TestPreparingOwnsNothing: a job that only creates indexes has no keys of the installation.
func TestPreparingOwnsNothing(t *testing.T) {
	t.Parallel()
	store, err := embedmongo.Start(t.Context(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for _, key := range []string{"nothing", "ours"} {
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
		if err != nil {
			t.Fatal(err)
		}
		if err := running.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
