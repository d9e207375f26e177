package mongostore_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/visitors"
)

// note stores a note about a visitor.
func (f fixture) note(t *testing.T, about visitors.Visitor, content string) visitors.Note {
	t.Helper()
	number, err := f.NextNoteID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.AddNote(t.Context(), about.WebsiteID, about.Token,
		func(v visitors.Visitor) (visitors.Visitor, visitors.Note, error) {
			v.Notes++
			v.NoteBytes += int64(len(content))
			return v, visitors.Note{
				ID: number, WebsiteID: v.WebsiteID, VisitorID: v.ID, Content: content, CreatedAt: day, UpdatedAt: day, Version: 1,
			}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// removed counts a removed note.
func removed(v visitors.Visitor, n visitors.Note) (visitors.Visitor, error) {
	v.Notes--
	v.NoteBytes -= int64(len(n.Content))
	return v, nil
}

func TestNotesKeepTheVersionOfTheVisitor(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	v, other := s.create(t, one), s.create(t, one)
	first, second := s.note(t, v, "one"), s.note(t, v, "two")
	got, err := s.ByToken(t.Context(), one, v.Token)
	if err != nil || got.Version != v.Version || !got.UpdatedAt.Equal(v.UpdatedAt) || got.Notes != 2 ||
		got.NoteBytes != 6 {
		t.Errorf("%+v %v", got, err)
	}
	found, more, err := s.Notes(t.Context(), one, v.ID, first.ID)
	if err != nil || more || len(found) != 1 || found[0].ID != second.ID {
		t.Errorf("%v %v", found, err)
	}
	if _, err := s.Note(t.Context(), one, other.ID, first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("about another visitor: %v", err)
	}
	if _, err := s.Note(t.Context(), two, v.ID, first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("of another website: %v", err)
	}
	ctx := version.Require(t.Context(), version.Precondition{Of: []version.Of{{ID: int64(first.ID), Version: 7}}})
	if err := s.DeleteNote(ctx, one, v.Token, first.ID, removed); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("another version: %v", err)
	}
	wantDone(t, s.DeleteNote(t.Context(), one, v.Token, first.ID, removed))
	wantKind(t, s.DeleteNote(t.Context(), one, v.Token, first.ID, removed), fault.NotFound)
	if n := len(s.published(t)); n != 5 { // two visitors, two notes, one removal
		t.Errorf("%d events", n)
	}
}

func TestRefusedChangeOfNoteStoresNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	v := s.create(t, one)
	n := s.note(t, v, "one")
	refusal := errors.New("refused")
	for _, refused := range []error{refusal, nil} { // nil: nothing differs
		_, err := s.ChangeNote(t.Context(), one, v.Token, n.ID,
			func(v visitors.Visitor, n visitors.Note) (visitors.Visitor, visitors.Note, contract.Data, error) {
				n.Content = "two"
				return v, n, nil, refused
			})
		if !errors.Is(err, refused) {
			t.Errorf("%v, want %v", err, refused)
		}
	}
	if got, err := s.Note(t.Context(), one, v.ID, n.ID); err != nil || got.Content != "one" {
		t.Errorf("%+v, %v", got, err)
	}
	if n := len(s.published(t)); n != 2 {
		t.Errorf("%d events", n)
	}
}

// TestErasureRemovesNotesAboutVisitors: of a visitor and of a website, with their events and their bytes. The export of
// a website has the notes, that of a visitor hasn't.
func TestErasureRemovesNotesAboutVisitors(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	mine, theirs := s.create(t, one), s.create(t, two)
	for _, v := range []visitors.Visitor{mine, theirs} {
		s.note(t, v, strings.Repeat("zebra ", 2_000))
	}
	for of, want := range map[subject.Subject]map[string]int{
		subject.Visitor(one, mine.ID): {"visitor": 1},
		subject.Website(one):          {"visitor": 1, "visitor_note": 1},
	} {
		kinds, rows := storetest.Exported(t, s, of)
		if !maps.Equal(kinds, want) || strings.Contains(rows[0], "noteBytes") {
			t.Errorf("%s: %v, want %v", of, rows, want)
		}
	}
	stored := func(v visitors.Visitor) int64 {
		t.Helper()
		n, err := s.Stored().Of(t.Context(), v.WebsiteID)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if stored(mine) < 12_000 {
		t.Errorf("a note of 12 kB uses %d bytes", stored(mine))
	}
	storetest.Erase(t, s, subject.Visitor(one, mine.ID))
	storetest.Erase(t, s, subject.Website(two))
	if stored(mine) != 0 || stored(theirs) != 0 {
		t.Errorf("left: %d and %d bytes", stored(mine), stored(theirs))
	}
	for _, of := range []subject.Subject{subject.Website(one), subject.Website(two)} {
		if kinds, _ := storetest.Exported(t, s, of); len(kinds) != 0 {
			t.Errorf("%s: left %v", of, kinds)
		}
	}
	for _, record := range s.published(t) {
		if strings.Contains(record, "zebra") {
			t.Errorf("still in the log: %.100s", record)
		}
	}
}
