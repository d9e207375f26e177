package visitors

import (
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
)

func TestVisitorNotesHaveBounds(t *testing.T) {
	t.Parallel()
	last := Visitor{Notes: MaxNotes - 1}
	if err := last.addNote(Note{Content: "four"}); err != nil || last.Notes != MaxNotes || last.NoteBytes != 4 {
		t.Errorf("the last note: %v, %+v", err, last)
	}
	if err := last.addNote(Note{}); fault.From(err).Code != "notes_full" || last.Notes != MaxNotes {
		t.Errorf("note %d: %v", MaxNotes+1, err)
	}
	last.removeNote(Note{Content: "four"})
	if last.Notes != MaxNotes-1 || last.NoteBytes != 0 {
		t.Errorf("removed: %+v", last)
	}
	for text, valid := range map[string]bool{
		"": false, " \n": false, "x": true, strings.Repeat("x", MaxNote): true, strings.Repeat("x", MaxNote+1): false,
	} {
		if err := NoteText(text).Validate(); (err == nil) != valid {
			t.Errorf("%.20q of %d bytes: %v", text, len(text), err)
		}
	}
}

func TestRewrittenNoteHasAnotherVersion(t *testing.T) {
	t.Parallel()
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	n := Note{Content: "one", CreatedAt: then, UpdatedAt: then, Version: 1}
	now := then.Add(time.Hour)
	if got := n.rewritten("two", now); got.Content != "two" || got.Version != 2 || !got.UpdatedAt.Equal(now) ||
		!got.CreatedAt.Equal(then) {
		t.Errorf("%+v", got)
	}
}
