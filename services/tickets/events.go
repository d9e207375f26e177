package tickets

import "fivechat.dev/libs/contract"

// Created returns the event of a new ticket.
func (t Ticket) Created() contract.Data {
	return contract.TicketCreatedData{TicketID: t.ID, Status: t.Status, Priority: t.Priority}
}

// UpdatedFrom returns the event of a change of the ticket, which was in the state before.
func (t Ticket) UpdatedFrom(before Ticket) contract.Data {
	return contract.TicketUpdatedData{TicketID: t.ID, From: before.Status, Status: t.Status}
}

// Deleted returns the event of the removal of the ticket.
func (t Ticket) Deleted() contract.Data { return contract.TicketDeletedData{TicketID: t.ID} }

// Created returns the event of a new message.
func (m Message) Created() contract.Data {
	return contract.TicketMessageCreatedData{TicketID: m.TicketID, MessageID: m.ID, MessageType: m.Type}
}
