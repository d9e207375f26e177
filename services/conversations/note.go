package conversations

import (
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// The bounds of private notes.
const (
	MaxNotes        = 500      // of one conversation
	MaxNote         = 16 << 10 // bytes of a note's text
	maxNoteMentions = 20       // users that a note mentions
	MaxMentions     = 50       // users that a conversation mentions and that haven't seen it
)

// Note is a private note of the team on a conversation. Notes are no messages: they have a collection of their own, so
// that nothing that reads messages, for visitors or for exports, can show one.
type Note struct {
	ID             id.Note         `bson:"_id"`
	WebsiteID      tenant.ID       `bson:"websiteId"`
	ConversationID id.Conversation `bson:"conversationId"`
	AuthorID       *id.User        `bson:"authorId"` // nil if a program wrote it without naming a user
	Content        string          `bson:"content"`
	Mentions       []id.User       `bson:"mentions"`
	CreatedAt      time.Time       `bson:"createdAt"`
	UpdatedAt      time.Time       `bson:"updatedAt"`
	ByProgram      bool            `bson:"byProgram,omitempty"`
	Version        int64           `bson:"version"` // incremented by every change
}

// Revision is the version of the note, for ETags.
func (n Note) Revision() version.Of { return version.Of{ID: int64(n.ID), Version: n.Version} }

// View returns the note as agents and programs see it.
func (n Note) View() contract.Note {
	v := contract.Note{
		ID:             n.ID,
		ConversationID: n.ConversationID,
		AuthorID:       n.AuthorID,
		Content:        n.Content,
		Mentions:       n.Mentions,
		CreatedAt:      n.CreatedAt,
		UpdatedAt:      n.UpdatedAt,
	}
	if n.ByProgram {
		v.ByProgram = &n.ByProgram
	}
	return v
}

// NoteDraft is a note that isn't stored yet.
type NoteDraft struct {
	Content   string
	Mentions  []id.User
	AuthorID  *id.User
	ByProgram bool // a program writes it, not a person
}

// Validate returns an Invalid fault that lists every wrong field.
func (d NoteDraft) Validate() error {
	var wrong fault.Problems
	checkNote(&wrong, d.Content, d.Mentions)
	return wrong.Err()
}

func checkNote(wrong *fault.Problems, content string, mentions []id.User) {
	wrong.Check(strings.TrimSpace(content) != "", "content", "must not be blank")
	wrong.Check(len(content) <= MaxNote, "content", "must be at most 16384 bytes")
	wrong.Check(len(mentions) <= maxNoteMentions, "mentions", "must be at most 20 users")
}

// NotePatch is a partial update of a note.
type NotePatch struct {
	Content  optional.Value[string]
	Mentions optional.Value[[]id.User]
}

// Validate returns an Invalid fault that lists every wrong field.
func (p NotePatch) Validate() error {
	var wrong fault.Problems
	content := "unchanged"
	if p.Content.Set {
		content = p.Content.V
	}
	checkNote(&wrong, content, p.Mentions.V)
	return wrong.Err()
}

// apply returns the changed note, and false if nothing differs. The slices of n stay as they are.
func (p NotePatch) apply(n Note, now time.Time) (Note, bool) {
	before := n
	if p.Content.Set {
		n.Content = p.Content.V
	}
	if p.Mentions.Set {
		n.Mentions = distinct(p.Mentions.V)
	}
	if n.Content == before.Content && slices.Equal(n.Mentions, before.Mentions) {
		return before, false
	}
	n.UpdatedAt = now
	n.Version++
	return n, true
}

// addNote counts a new note.
func (c *Conversation) addNote(n Note) error {
	if c.Notes >= MaxNotes {
		return fault.Coded(fault.Conflict, "notes_full", "the conversation has reached its 500 notes")
	}
	c.Notes++
	c.NoteBytes += int64(len(n.Content))
	return c.mention(n.Mentions)
}

// changeNote counts a changed note. others are the users that the conversation's other notes mention.
func (c *Conversation) changeNote(before, after Note, others []id.User) error {
	c.NoteBytes += int64(len(after.Content) - len(before.Content))
	c.unmention(without(before.Mentions, after.Mentions), others)
	return c.mention(without(after.Mentions, before.Mentions))
}

// removeNote counts a removed note. others are the users that the conversation's other notes mention.
func (c *Conversation) removeNote(n Note, others []id.User) {
	c.Notes--
	c.NoteBytes -= int64(len(n.Content))
	c.unmention(n.Mentions, others)
}

// mention adds users who haven't seen yet that a note mentions them.
func (c *Conversation) mention(users []id.User) error {
	all := distinct(slices.Concat(c.Mentions, users))
	if len(all) > MaxMentions {
		return fault.Coded(fault.Conflict, "notes_full", "50 users haven't seen yet that the conversation mentions them")
	}
	if len(all) > len(c.Mentions) {
		c.Mentions = all
	}
	return nil
}

// unmention removes users, except for those that other notes mention.
func (c *Conversation) unmention(users, others []id.User) {
	if gone := without(users, others); len(gone) > 0 {
		c.Mentions = without(c.Mentions, gone)
	}
}

// without returns the users that aren't among removed, or nil if none is left.
func without(users, removed []id.User) (left []id.User) {
	for _, u := range users {
		if !slices.Contains(removed, u) {
			left = append(left, u)
		}
	}
	return left
}

// Texts is how many bytes the texts of the conversation have, which count towards the storage limit.
func (c Conversation) Texts() int64 {
	texts := c.Bytes + c.NoteBytes
	if c.Scheduled != nil {
		texts += int64(len(c.Scheduled.Content))
	}
	return texts
}
