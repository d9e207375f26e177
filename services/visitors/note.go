package visitors

import (
	"strings"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// The bounds of private notes about visitors.
const (
	MaxNotes = 500      // about one visitor
	MaxNote  = 16 << 10 // bytes of a note's text
)

// Note is a private note of the team about a visitor. It has a collection of its own, so that nothing that shows a
// visitor to themselves can show one.
type Note struct {
	ID        id.VisitorNote `bson:"_id"`
	WebsiteID tenant.ID      `bson:"websiteId"`
	VisitorID id.Visitor     `bson:"visitorId"`
	AuthorID  *id.User       `bson:"authorId"` // nil if a program wrote it
	Content   string         `bson:"content"`
	CreatedAt time.Time      `bson:"createdAt"`
	UpdatedAt time.Time      `bson:"updatedAt"`
	Version   int64          `bson:"version"` // incremented by every change
}

// Revision is the version of the note, for ETags.
func (n Note) Revision() version.Of { return version.Of{ID: int64(n.ID), Version: n.Version} }

// View returns the note as agents and programs see it.
func (n Note) View() contract.VisitorNote {
	return contract.VisitorNote{
		ID:        n.ID,
		VisitorID: n.VisitorID,
		AuthorID:  n.AuthorID,
		Content:   n.Content,
		CreatedAt: n.CreatedAt,
		UpdatedAt: n.UpdatedAt,
	}
}

// NoteText is the text of a note.
type NoteText string

// Validate returns an Invalid fault unless a note can have the text.
func (text NoteText) Validate() error {
	var wrong fault.Problems
	wrong.Check(strings.TrimSpace(string(text)) != "", "content", "must not be blank")
	wrong.Check(len(text) <= MaxNote, "content", "must be at most 16384 bytes")
	return wrong.Err()
}

// rewritten returns the note with another text.
func (n Note) rewritten(text NoteText, now time.Time) Note {
	n.Content, n.UpdatedAt = string(text), now
	n.Version++
	return n
}

// addNote counts a new note about the visitor.
func (v *Visitor) addNote(n Note) error {
	if v.Notes >= MaxNotes {
		return fault.Coded(fault.Conflict, "notes_full", "there are 500 notes about the visitor")
	}
	v.Notes++
	v.NoteBytes += int64(len(n.Content))
	return nil
}

// removeNote counts a removed note.
func (v *Visitor) removeNote(n Note) {
	v.Notes--
	v.NoteBytes -= int64(len(n.Content))
}
