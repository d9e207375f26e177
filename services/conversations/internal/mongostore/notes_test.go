package mongostore_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

// addNote stores a note on a conversation.
func addNote(
	t *testing.T, s *mongostore.Store, c conversations.Conversation, content string, mentions ...id.User,
) conversations.Note {
	t.Helper()
	number, err := s.NextNoteID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.AddNote(t.Context(), c.WebsiteID, c.Token,
		func(c conversations.Conversation) (conversations.Conversation, conversations.Note, conversations.Event, error) {
			n := conversations.Note{
				ID: number, WebsiteID: c.WebsiteID, ConversationID: c.ID, Content: content, Mentions: mentions,
				CreatedAt: noon, UpdatedAt: noon, Version: 1,
			}
			c.Notes++
			c.NoteBytes += int64(len(content))
			c.Mentions = append(slices.Clone(c.Mentions), mentions...)
			return c, n, conversations.Event{
				Conversation: &c.ID, Data: contract.NoteCreatedData{Note: n.View()},
			}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNotesKeepTheVersionOfTheConversation(t *testing.T) {
	t.Parallel()
	s, log := logged(t)
	w := storetest.Tenant(1)
	c, other := conversation(t, s, w, 1, "a"), conversation(t, s, w, 2, "b")
	first, second := addNote(t, s, c, "one", 3), addNote(t, s, c, "two", 3, 4)
	got, err := s.Get(t.Context(), w, c.Token)
	if err != nil || got.Version != c.Version || !got.UpdatedAt.Equal(c.UpdatedAt) || got.Notes != 2 ||
		got.NoteBytes != 6 {
		t.Errorf("%+v %v", got, err)
	}
	found, more, err := s.Notes(t.Context(), w, c.ID, first.ID)
	if err != nil || more || len(found) != 1 || found[0].ID != second.ID {
		t.Errorf("%v %v", found, err)
	}
	if _, err := s.Note(t.Context(), w, other.ID, first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("in another conversation: %v", err)
	}
	if _, err := s.Note(t.Context(), storetest.Tenant(2), c.ID, first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("of another website: %v", err)
	}
	ctx := version.Require(t.Context(), version.Precondition{Of: []version.Of{{ID: int64(first.ID), Version: 7}}})
	if err := s.DeleteNote(ctx, w, c.Token, first.ID, removed(t)); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("another version: %v", err)
	}
	if err := s.DeleteNote(t.Context(), w, c.Token, first.ID, removed(t, 3, 4)); err != nil {
		t.Error(err)
	}
	if found, _, err := s.Notes(t.Context(), w, c.ID, 0); err != nil || len(found) != 1 {
		t.Errorf("%v %v", found, err)
	}
	if n := len(records(t, log)); n != 3 {
		t.Errorf("%d events", n)
	}
}

// removed checks the users that other notes mention.
func removed(t *testing.T, others ...id.User) func(
	conversations.Conversation, conversations.Note, []id.User,
) (conversations.Conversation, conversations.Event, error) {
	return func(
		c conversations.Conversation, n conversations.Note, got []id.User,
	) (conversations.Conversation, conversations.Event, error) {
		if !slices.Equal(got, others) {
			t.Errorf("others: %v, want %v", got, others)
		}
		return c, conversations.Event{
			Conversation: &c.ID, Data: contract.NoteDeletedData{ConversationID: c.ID, NoteID: n.ID},
		}, nil
	}
}

func TestMentionedConversationsAreListed(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	c := conversation(t, s, w, 1, "a")
	conversation(t, s, w, 2, "b")
	addNote(t, s, c, "x", 3)
	list := func(w tenant.ID, user id.User) int64 {
		t.Helper()
		found, err := s.List(t.Context(), w, conversations.Filter{Mentioned: &user}, paging.Following{})
		if err != nil || found.Total != int64(len(found.Rows)) {
			t.Fatal(found.Total, err)
		}
		return found.Total
	}
	if list(w, 3) != 1 || list(w, 4) != 0 || list(w, 0) != 0 || list(storetest.Tenant(2), 3) != 0 {
		t.Error("wrong conversations are listed")
	}
	if err := s.EndMention(t.Context(), w, c.Token, 3); err != nil || list(w, 3) != 0 {
		t.Errorf("seen: %v", err)
	}
	if err := s.EndMention(t.Context(), w, "conv_none", 3); !fault.Is(err, fault.NotFound) {
		t.Errorf("no conversation: %v", err)
	}
}

// TestErasureRemovesNotes: of a visitor and of a website, with their events and their bytes. The export of a website
// has the notes, that of a visitor hasn't.
func TestErasureRemovesNotes(t *testing.T) {
	t.Parallel()
	s, log := logged(t)
	one, two := storetest.Tenant(1), storetest.Tenant(2)
	mine, theirs := conversation(t, s, one, 1, "mine"), conversation(t, s, two, 2, "theirs")
	for _, c := range []conversations.Conversation{mine, theirs} {
		addNote(t, s, c, strings.Repeat("zebra ", 2_000))
	}
	for of, want := range map[subject.Subject]map[string]int{
		subject.Visitor(one, 7): {"conversation": 1, "message": 1},
		subject.Website(one):    {"conversation": 1, "message": 1, "note": 1},
	} {
		if kinds, _ := storetest.Exported(t, s, of); !maps.Equal(kinds, want) {
			t.Errorf("%s: %v, want %v", of, kinds, want)
		}
	}
	stored := func(w tenant.ID) int64 {
		t.Helper()
		n, err := s.Stored().Of(context.Background(), w)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if stored(one) < 12_000 {
		t.Errorf("a note of 12 kB uses %d bytes", stored(one))
	}
	storetest.Erase(t, s, subject.Visitor(one, 7))
	storetest.Erase(t, s, subject.Website(two))
	if stored(one) != 0 || stored(two) != 0 {
		t.Errorf("left: %d and %d bytes", stored(one), stored(two))
	}
	for _, of := range []subject.Subject{subject.Website(one), subject.Website(two)} {
		if kinds, _ := storetest.Exported(t, s, of); len(kinds) != 0 {
			t.Errorf("%s: left %v", of, kinds)
		}
	}
	for _, r := range records(t, log) {
		if strings.Contains(r.Data, "zebra") {
			t.Errorf("still in the log: %s", r.Type)
		}
	}
}
