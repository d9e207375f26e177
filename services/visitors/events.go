package visitors

import (
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
)

// Created returns the event of a new visitor.
func (v Visitor) Created() contract.Data { return contract.VisitorCreatedData{VisitorID: v.ID} }

// Updated returns the event of a change of the visitor.
func (v Visitor) Updated() contract.Data { return contract.VisitorUpdatedData{VisitorID: v.ID} }

// Erased returns the event of the erasure of the visitor.
func (v Visitor) Erased() contract.Data { return contract.VisitorErasedData{VisitorID: v.ID} }

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
