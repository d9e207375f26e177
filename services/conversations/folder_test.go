package conversations

import (
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
)

// waiting returns an open conversation with one message of the visitor.
func waiting(t *testing.T) Conversation {
	t.Helper()
	c := newConversation(5, website, visitorID, noon)
	m := said(FromVisitor, noon)
	if _, err := c.addMessage(&m); err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	later  = noon.Add(time.Hour)
	snooze = Patch{SnoozedUntil: optional.Of(later)}
	wake   = Patch{SnoozedUntil: optional.Value[time.Time]{Set: true, Null: true}}
	junk   = Patch{Spam: optional.Of(true)}
	noJunk = Patch{Spam: optional.Of(false)}
	shut   = Patch{Status: optional.Of(Closed)}
	reopen = Patch{Status: optional.Of(Open)}

	openAndSnooze = Patch{Status: reopen.Status, SnoozedUntil: snooze.SnoozedUntil}
)

// TestFolderFollowsChanges makes changes one after the other. A step is a patch or a message.
func TestFolderFollowsChanges(t *testing.T) {
	t.Parallel()
	type step any
	for name, c := range map[string]struct {
		steps  []step
		status Status
		folder Folder
		waits  bool
		unread int64
	}{
		"snoozed":                            {[]step{snooze}, Open, Snoozed, true, 1},
		"woken":                              {[]step{snooze, wake}, Open, NoFolder, true, 1},
		"an agent writes while it is":        {[]step{snooze, FromAgent}, Open, Snoozed, false, 1},
		"the visitor writes while it is":     {[]step{snooze, FromVisitor}, Open, NoFolder, true, 2},
		"closed while it is":                 {[]step{snooze, shut}, Closed, NoFolder, false, 1},
		"spam while it is":                   {[]step{snooze, junk}, Closed, Spam, false, 1},
		"spam":                               {[]step{junk}, Closed, Spam, false, 1},
		"spam, the visitor writes":           {[]step{junk, FromVisitor}, Closed, Spam, false, 1},
		"spam, an agent writes":              {[]step{junk, FromAgent}, Open, NoFolder, false, 1},
		"spam, taken back":                   {[]step{junk, noJunk}, Open, NoFolder, true, 1},
		"closed, spam, taken back":           {[]step{shut, junk, noJunk}, Closed, NoFolder, false, 1},
		"spam, reopened":                     {[]step{junk, reopen}, Open, NoFolder, false, 1},
		"no spam, taken back":                {[]step{noJunk}, Open, NoFolder, true, 1},
		"no snooze, woken":                   {[]step{wake}, Open, NoFolder, true, 1},
		"closed, the visitor writes":         {[]step{shut, FromVisitor}, Open, NoFolder, true, 2},
		"closed, opened and snoozed at once": {[]step{shut, openAndSnooze}, Open, Snoozed, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, now := waiting(t), noon
			for _, s := range c.steps {
				now = now.Add(time.Minute)
				var err error
				switch s := s.(type) {
				case Patch:
					if err = s.Validate(); err == nil {
						_, err = s.change(&got, now)
					}
				case Sender:
					m := said(s, now)
					_, err = got.addMessage(&m)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if got.Status != c.status || got.In() != c.folder || (got.WaitingSince != nil) != c.waits ||
				got.Unread != c.unread || (got.SnoozeEnd() != nil) != (c.folder == Snoozed) {
				t.Errorf("%s, folder %q until %v, waits since %v, %d unread", got.Status, got.In(), got.SnoozeEnd(),
					got.WaitingSince, got.Unread)
			}
		})
	}
}

// TestFolderOfOlderVersions: a version that doesn't know folders changes the status alone.
func TestFolderOfOlderVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []Conversation{{Status: Closed, Folder: Snoozed}, {Status: Open, Folder: Spam}, {Status: Open}} {
		if c.In() != NoFolder {
			t.Errorf("%+v is in %s", c, c.In())
		}
	}
}

// TestFolderChangesAreEvents: another event than that of the documented conversation, which visitors receive.
func TestFolderChangesAreEvents(t *testing.T) {
	t.Parallel()
	c := waiting(t)
	for _, want := range []struct {
		patch  Patch
		events []contract.EventType
	}{
		{snooze, []contract.EventType{contract.InboxUpdated}},
		{snooze, nil},
		{Patch{SnoozedUntil: optional.Of(later.Add(time.Hour))}, []contract.EventType{contract.InboxUpdated}},
		{junk, []contract.EventType{contract.ConversationUpdated, contract.InboxUpdated}},
		{junk, nil},
		{noJunk, []contract.EventType{contract.ConversationUpdated, contract.InboxUpdated}},
		{shut, []contract.EventType{contract.ConversationUpdated}},
	} {
		before := c.UpdatedAt
		events, err := want.patch.change(&c, before.Add(time.Minute))
		if err != nil || len(events) != len(want.events) {
			t.Fatalf("%+v: %d events, %v", want.patch, len(events), err)
		}
		for i, e := range events {
			if e.Data.EventType() != want.events[i] {
				t.Errorf("event %d is %s, and not %s", i, e.Data.EventType(), want.events[i])
			}
		}
		if changed := c.UpdatedAt.After(before); changed != (len(want.events) > 0) {
			t.Errorf("%+v: changed %t", want.patch, changed)
		}
	}
}

func TestPatchesOfFoldersAreRefused(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Patch{
		"spam is null": {Spam: optional.Value[bool]{Set: true, Null: true}},
		"a blank tag":  {AddTags: []string{""}},
	} {
		if err := p.Validate(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, now := range []time.Time{later, later.Add(time.Second), later.Add(-maxAhead - time.Second)} {
		if err := snooze.validateAt(now); !fault.Is(err, fault.Invalid) {
			t.Errorf("until %v at %v: %v", later, now, err)
		}
	}
	if err := snooze.validateAt(noon); err != nil {
		t.Error(err)
	}
	for name, p := range map[string]Patch{
		"snooze and close": {Status: shut.Status, SnoozedUntil: snooze.SnoozedUntil},
		"snooze and spam":  {Spam: junk.Spam, SnoozedUntil: snooze.SnoozedUntil},
		"spam and open":    {Status: reopen.Status, Spam: junk.Spam},
	} {
		c := waiting(t)
		if _, err := p.change(&c, noon); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := waiting(t)
	if _, err := shut.change(&c, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := snooze.change(&c, noon); !fault.Is(err, fault.Conflict) {
		t.Errorf("a closed conversation is snoozed: %v", err)
	}
}

// TestPatchAddsAndRemovesTags: others stay, and the bound of tags holds.
func TestPatchAddsAndRemovesTags(t *testing.T) {
	t.Parallel()
	c := waiting(t)
	c.Tags = []string{"a", "b"}
	if _, err := (Patch{AddTags: []string{"c", "a"}, RemoveTags: []string{"b", "x"}}).change(&c, noon); err != nil ||
		len(c.Tags) != 2 || c.Tags[0] != "a" || c.Tags[1] != "c" {
		t.Fatalf("%v, %v", c.Tags, err)
	}
	var many []string
	for i := range MaxTags {
		many = append(many, string(rune('A'+i)))
	}
	if _, err := (Patch{AddTags: many}).change(&c, noon); !fault.Is(err, fault.Conflict) {
		t.Errorf("22 tags: %v", err)
	}
}
