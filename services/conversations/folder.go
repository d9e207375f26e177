package conversations

import (
	"time"

	"fivechat.dev/libs/kernel/fault"
)

// Folder is where agents have put a conversation, beside its status. A snoozed conversation is open and one marked as
// spam is closed:
//
//	           snooze                 mark as spam
//	snoozed <---------- no folder ------------------> spam
//	    |                  ^  ^                         |
//	    +------------------+  +-------------------------+
//	 its time, a visitor's      unmark, reopen,
//	 message, wake, close       an agent's message
type Folder string

// The folders. Without one, a conversation is in the inbox by its status alone.
const (
	NoFolder Folder = ""
	Snoozed  Folder = "snoozed"
	Spam     Folder = "spam"
)

// In returns the folder that the conversation is in. An older version of the service changes the status without the
// folder; then the status counts.
func (c Conversation) In() Folder {
	if c.Folder == Snoozed && c.Status == Open || c.Folder == Spam && c.Status == Closed {
		return c.Folder
	}
	return NoFolder
}

// SnoozeEnd returns until when the conversation is snoozed, or nil.
func (c Conversation) SnoozeEnd() *time.Time {
	if c.In() == Snoozed {
		return c.SnoozedUntil
	}
	return nil
}

// put moves the conversation into a folder, or takes it out of its folder.
func (c *Conversation) put(f Folder, until *time.Time, now time.Time) {
	c.SnoozedUntil = until
	if c.Folder == f {
		return
	}
	if c.Folder == Snoozed {
		c.addPause(c.FolderSince, now)
	}
	c.Folder, c.FolderSince = f, &now
	if f == NoFolder {
		c.FolderSince = nil
	}
}

// snooze puts the conversation aside until a time; nil wakes it. The visitor still waits: WaitingSince stays.
func (c *Conversation) snooze(until *time.Time, now time.Time) error {
	switch {
	case until == nil && c.Folder == Snoozed:
		c.put(NoFolder, nil, now)
	case until == nil:
	case c.Status == Closed:
		return fault.Coded(fault.Conflict, "conversation_closed", "only an open conversation can be snoozed")
	default:
		c.put(Snoozed, until, now)
	}
	return nil
}

// markSpam closes the conversation as spam, or takes that back. A conversation that was open is open again then.
func (c *Conversation) markSpam(spam bool, now time.Time) {
	switch {
	case spam:
		c.setStatus(Closed, now)
		c.put(Spam, nil, now)
	case c.Folder == Spam:
		wasOpen := c.ClosedAt != nil && c.FolderSince != nil && c.ClosedAt.Equal(*c.FolderSince)
		c.put(NoFolder, nil, now)
		if !wasOpen {
			return
		}
		c.setStatus(Open, now)
		if c.Last != nil && c.Last.SenderType == FromVisitor {
			c.WaitingSince = &c.Last.CreatedAt
		}
	}
}

// isDue reports whether the time of a snoozed conversation has come.
func (c Conversation) isDue(now time.Time) bool {
	return c.SnoozedUntil != nil && !c.SnoozedUntil.After(now)
}

// sameFolder reports whether the conversation is in the same folder, until the same time, as before.
func (c Conversation) sameFolder(before Conversation) bool {
	return c.Folder == before.Folder && (c.SnoozedUntil == nil) == (before.SnoozedUntil == nil) &&
		(c.SnoozedUntil == nil || c.SnoozedUntil.Equal(*before.SnoozedUntil))
}
