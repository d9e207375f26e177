package conversations

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
)

func TestMentionsFollowNotes(t *testing.T) {
	t.Parallel()
	var c Conversation
	one, two := Note{Content: "one", Mentions: []id.User{1, 2}}, Note{Content: "two", Mentions: []id.User{2}}
	for _, n := range []Note{one, two} {
		if err := c.addNote(n); err != nil {
			t.Fatal(err)
		}
	}
	want := func(notes, bytes int64, mentions ...id.User) {
		t.Helper()
		if c.Notes != notes || c.NoteBytes != bytes || !slices.Equal(c.Mentions, mentions) {
			t.Errorf("%d notes of %d bytes mention %v; want %d, %d, %v", c.Notes, c.NoteBytes, c.Mentions, notes, bytes,
				mentions)
		}
	}
	want(2, 6, 1, 2)
	changed, differs := NotePatch{
		Content: optional.Of("longer"), Mentions: optional.Of([]id.User{3, 3}),
	}.apply(one, time.Time{})
	if !differs || changed.Version != one.Version+1 || !slices.Equal(one.Mentions, []id.User{1, 2}) {
		t.Errorf("%+v, %+v", changed, one)
	}
	if err := c.changeNote(one, changed, two.Mentions); err != nil {
		t.Fatal(err)
	}
	want(2, 9, 2, 3) // the other note still mentions 2
	c.removeNote(two, changed.Mentions)
	want(1, 6, 3)
	if _, differs := (NotePatch{Content: optional.Of("longer")}).apply(changed, time.Now()); differs {
		t.Error("the same text is a change")
	}
}

func TestNotesHaveBounds(t *testing.T) {
	t.Parallel()
	full := Conversation{Notes: MaxNotes}
	if err := full.addNote(Note{}); fault.From(err).Code != "notes_full" {
		t.Errorf("note %d: %v", MaxNotes+1, err)
	}
	var users []id.User
	for i := range MaxMentions {
		users = append(users, id.User(i+1))
	}
	mentioning := Conversation{Mentions: users}
	if err := mentioning.addNote(Note{Mentions: users[:20]}); err != nil {
		t.Errorf("mentioned already: %v", err)
	}
	if err := mentioning.addNote(Note{Mentions: []id.User{99}}); fault.From(err).Code != "notes_full" {
		t.Errorf("user %d: %v", MaxMentions+1, err)
	}
	for _, d := range []NoteDraft{
		{}, {Content: strings.Repeat("x", MaxNote+1)}, {Content: "x", Mentions: users[:maxNoteMentions+1]},
	} {
		if d.Validate() == nil {
			t.Errorf("%.20s with %d mentions is valid", d.Content, len(d.Mentions))
		}
	}
	if err := (NotePatch{Content: optional.Of(" ")}).Validate(); err == nil {
		t.Error("a blank patch is valid")
	}
	if err := (NotePatch{}).Validate(); err != nil {
		t.Error(err)
	}
}
