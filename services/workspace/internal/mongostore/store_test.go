package mongostore_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/workspace"
	"fivechat.dev/services/workspace/internal/mongostore"
)

func open(t *testing.T) *mongostore.Store {
	t.Helper()
	db := storetest.DB(t, "workspace")
	s := mongostore.New(db)
	storetest.Ready(t, db)
	return s
}

// noted is a note in an audit log that has no entries.
func noted() error { return nil }

// common returns the common part of a new item.
func common(t *testing.T, s *mongostore.Store, w tenant.ID, owner id.User) workspace.Item {
	t.Helper()
	number, err := s.Stores().Views.NextID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return workspace.Item{ID: number, WebsiteID: w, Owner: owner, Version: 1}
}

// create stores a reply, and returns its id.
func create(t *testing.T, s *mongostore.Store, w tenant.ID, owner id.User) (id.WorkspaceItem, error) {
	t.Helper()
	i := common(t, s, w, owner)
	return i.ID, s.Stores().Replies.Create(t.Context(), workspace.Reply{
		Item: i, Shortcut: "hello", Title: "Greeting", Text: "Hello", Terms: []string{"zebra"},
	}, noted)
}

func TestShortcutsAreUniqueByOwner(t *testing.T) {
	t.Parallel()
	s := open(t)
	one, two := storetest.Tenant(1), storetest.Tenant(2)
	for _, scope := range []struct {
		w     tenant.ID
		owner id.User
	}{{one, 0}, {one, 3}, {one, 4}, {two, 0}} {
		if _, err := create(t, s, scope.w, scope.owner); err != nil {
			t.Fatal(err)
		}
		if _, err := create(t, s, scope.w, scope.owner); fault.From(err).Code != "shortcut_taken" {
			t.Errorf("%v again: %v", scope, err)
		}
	}
}

// TestErasureRemovesItems: of a website. An export has them without the terms of searches; a visitor has none.
func TestErasureRemovesItems(t *testing.T) {
	t.Parallel()
	s := open(t)
	one, two := storetest.Tenant(1), storetest.Tenant(2)
	mine, err := create(t, s, one, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := create(t, s, two, 0); err != nil {
		t.Fatal(err)
	}
	view := workspace.View{Item: common(t, s, one, 0), Name: "Urgent"}
	macro := workspace.Macro{Item: common(t, s, one, 3), Name: "Refund"}
	stores := s.Stores()
	if err := errors.Join(stores.Views.Create(t.Context(), view, noted),
		stores.Macros.Create(t.Context(), macro, noted)); err != nil {
		t.Fatal(err)
	}
	kinds, rows := storetest.Exported(t, s, subject.Website(one))
	if !maps.Equal(kinds, map[string]int{"canned_reply": 1, "view": 1, "macro": 1}) ||
		strings.Contains(strings.Join(rows, ""), "zebra") {
		t.Errorf("%v %v", kinds, rows)
	}
	storetest.Erase(t, s, subject.Visitor(one, 7))
	if _, err := s.Stores().Replies.Get(t.Context(), one, mine); err != nil {
		t.Errorf("a visitor's erasure: %v", err)
	}
	storetest.Erase(t, s, subject.Website(one))
	if _, err := s.Stores().Replies.Get(t.Context(), one, mine); !fault.Is(err, fault.NotFound) {
		t.Errorf("after the erasure: %v", err)
	}
	if kinds, _ := storetest.Exported(t, s, subject.Website(one)); len(kinds) != 0 {
		t.Errorf("after the erasure: %v", kinds)
	}
	if kinds, _ := storetest.Exported(t, s, subject.Website(two)); kinds["canned_reply"] != 1 {
		t.Errorf("the other website has %v", kinds)
	}
}

// TestScopesHaveBounds: the team can't use up what each person may have, and the other way round.
func TestScopesHaveBounds(t *testing.T) {
	t.Parallel()
	s := open(t)
	one := storetest.Tenant(1)
	add := func(owner id.User) error {
		return s.Stores().Views.Create(t.Context(), workspace.View{Item: common(t, s, one, owner), Name: "Urgent"}, noted)
	}
	for range workspace.MaxViewsOf {
		if err := add(3); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(3); fault.From(err).Code != "too_many_views" {
		t.Errorf("one more: %v", err)
	}
	for _, owner := range []id.User{0, 4} {
		if err := add(owner); err != nil {
			t.Errorf("another scope: %v", err)
		}
	}
}

// TestChangesNeedTheirNote: without the entry of the audit log, nothing is stored.
func TestChangesNeedTheirNote(t *testing.T) {
	t.Parallel()
	s := open(t)
	replies, one, away := s.Stores().Replies, storetest.Tenant(1), fault.Away("accounts", nil)
	fresh := workspace.Reply{Item: common(t, s, one, 0), Shortcut: "bye", Title: "Farewell", Text: "Bye"}
	if err := replies.Create(t.Context(), fresh, func() error { return away }); !fault.Is(err, fault.Unavailable) {
		t.Errorf("create: %v", err)
	}
	if _, err := replies.Get(t.Context(), one, fresh.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("after a creation that wasn't noted: %v", err)
	}
	stored, err := create(t, s, one, 0)
	if err != nil {
		t.Fatal(err)
	}
	rename := func(r workspace.Reply) (workspace.Reply, error) { r.Title = "Farewell"; return r, nil }
	_, err = replies.Save(t.Context(), one, stored, rename, func(_, _ workspace.Reply) error { return away })
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("save: %v", err)
	}
	admit := func(workspace.Reply) error { return nil }
	if _, err := replies.Delete(t.Context(), one, stored, admit, func(workspace.Reply) error { return away }); err == nil {
		t.Error("removed without a note")
	}
	if r, err := replies.Get(t.Context(), one, stored); err != nil || r.Title != "Greeting" {
		t.Errorf("after changes that weren't noted: %v %v", r.Title, err)
	}
}
