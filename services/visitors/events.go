package visitors

import (
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
)

// Created returns the event of a new visitor.
func (v Visitor) Created() contract.Data { return contract.VisitorCreatedData{VisitorID: v.ID} }

// Changed returns the event of the change that made the visitor of before.
func (v Visitor) Changed(before Visitor) contract.Data {
	switch {
	case v.IsBlocked() && !before.IsBlocked():
		return contract.VisitorBlockedData{VisitorID: v.ID, UserID: v.BlockedBy}
	case !v.IsBlocked() && before.IsBlocked():
		return contract.VisitorUnblockedData{VisitorID: v.ID}
	default:
		return contract.VisitorUpdatedData{VisitorID: v.ID}
	}
}

// Erased returns the event of the erasure of the visitor.
func (v Visitor) Erased() contract.Data { return contract.VisitorErasedData{VisitorID: v.ID} }

// Created returns the event of a new note.
func (n Note) Created() contract.Data { return contract.VisitorNoteCreatedData{Note: n.View()} }

// Updated returns the event of a note with another text.
func (n Note) Updated() contract.Data { return contract.VisitorNoteUpdatedData{Note: n.View()} }

// Deleted returns the event of a removed note.
func (n Note) Deleted() contract.Data {
	return contract.VisitorNoteDeletedData{VisitorID: n.VisitorID, NoteID: n.ID}
}

// ImportedEvent returns the event of an import, which concerns all of its visitors.
func ImportedEvent(imported []Visitor) contract.Data {
	data := contract.VisitorsImportedData{Visitors: int64(len(imported))}
	for _, v := range imported {
		data.VisitorIDs = append(data.VisitorIDs, v.ID)
	}
	return data
}

// wentOnline returns the event of a visitor who was seen at a time.
func wentOnline(visitor id.Visitor, seen time.Time) contract.Data {
	return contract.VisitorOnlineData{VisitorID: visitor, Until: seen.Add(onlineFor)}
}
