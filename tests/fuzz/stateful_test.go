package fuzz_test

import (
	"strings"
	"testing"

	"fivechat.dev/api-gateway/openapi"
	"fivechat.dev/tests/fuzz"
	"fivechat.dev/tests/harness"
)

// operations are the operations in the tests' table, by their ids in the document.
func operations(t *testing.T) map[string]harness.Operation {
	t.Helper()
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]harness.Operation{}
	for _, op := range harness.Operations() {
		known[d.Find(op.Method, harness.Fill(op.Path, harness.Malformed())).ID] = op
	}
	return known
}

// personOperations are the operations of persons in the tests' table, by their ids in the document.
func personOperations(t *testing.T) map[string]harness.Operation {
	t.Helper()
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]harness.Operation{}
	for _, op := range harness.PersonOperations() {
		known[d.Find(op.Method, harness.Fill(op.Path, harness.MalformedTeam())).ID] = op.Operation
	}
	return known
}

// TestUseAfterDelete checks that every request about a deleted object gets the response of an unknown one.
func TestUseAfterDelete(t *testing.T) {
	t.Parallel()
	all := operations(t)
	found := 0
	for _, gone := range all {
		if gone.Method != "DELETE" || !gone.Ends {
			continue
		}
		t.Run(gone.Path, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().World(t, harness.Pro)
			names := w.Another(t, gone.Path)
			if strings.Contains(gone.Path, "{webhook}") { // objects below it are deleted too
				names["delivery"] = w.NewDelivery(t, names["webhook"])
			}
			gone.Ask(t, gone.Allowed(w), names).Want(t, gone.Status)
			for _, op := range all {
				if op.Path == gone.Path || strings.HasPrefix(op.Path, gone.Path+"/") {
					op.Ask(t, op.Allowed(w), names).Want(t, 404)
				}
			}
		})
		found++
	}
	if found < 4 {
		t.Errorf("only %d kinds of objects can be deleted", found)
	}
}

// TestWrongParent checks that an object below one parent isn't found below another parent of the same website.
func TestWrongParent(t *testing.T) {
	t.Parallel()
	found := 0
	for _, op := range operations(t) {
		if strings.Count(op.Path, "{") < 2 {
			continue
		}
		t.Run(op.Name(), func(t *testing.T) {
			t.Parallel()
			w := harness.Running().World(t, harness.Pro)
			names := w.Another(t, op.Path[:strings.IndexByte(op.Path, '}')+1])
			op.Ask(t, op.Allowed(w), names).Want(t, 404)
		})
		found++
	}
	if found < 2 {
		t.Errorf("only %d operations are about an object below another", found)
	}
}

// TestReplays checks that each operation with an Idempotency-Key responds the second time exactly as the first time,
// and refuses the key with another body.
func TestReplays(t *testing.T) {
	t.Parallel()
	documented, err := fuzz.Operations(openapi.JSON)
	if err != nil {
		t.Fatal(err)
	}
	known, persons, found := operations(t), personOperations(t), 0
	for _, d := range documented {
		takes := false
		for _, p := range d.Locations() {
			takes = takes || p.Name == "Idempotency-Key"
		}
		if !takes {
			continue
		}
		found++
		t.Run(d.ID, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().World(t, harness.Pro)
			op, is := known[d.ID]
			by, names := op.Allowed(w), w.Objects()
			if !is {
				if op, is = persons[d.ID]; !is {
					t.Fatal("the tests' table has no request of it")
				}
				owner := w.Person(t, harness.Owner)
				by, names = owner.Client, w.Team(t, owner)
			}
			path, key := harness.Fill(op.Path, names), harness.Unique("key.")
			client := by.With("Idempotency-Key", key)
			var good any
			if op.Body != nil {
				good = op.Good(names)
			}
			first := client.Do(t, op.Method, path, good).Want(t, op.Status)
			second := client.Do(t, op.Method, path, good).Want(t, op.Status)
			if string(first.Body) != string(second.Body) || first.Header.Get("Idempotency-Replayed") != "" ||
				second.Header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("the first time %v %s\nthe second time %v %s", first.Header, first.Body, second.Header, second.Body)
			}
			client.Do(t, op.Method, path, harness.JSON(`{"another":"body"}`)).Want(t, 422)
		})
	}
	if found < 20 {
		t.Errorf("only %d operations take an Idempotency-Key", found)
	}
}
