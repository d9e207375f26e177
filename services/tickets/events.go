package tickets

// The types of the service's events. Their key is the ticket's id.
const (
	Created        = "ticket.created"
	Updated        = "ticket.updated"
	Deleted        = "ticket.deleted"
	MessageCreated = "ticket.message_created"
)

// CreatedData is the data of Created.
type CreatedData struct {
	TicketID int64    `json:"ticketId,string"`
	Status   Status   `json:"status"`
	Priority Priority `json:"priority"`
}

// UpdatedData is the data of Updated: the status before and after, equal if it is unchanged.
type UpdatedData struct {
	TicketID int64  `json:"ticketId,string"`
	From     Status `json:"from"`
	Status   Status `json:"status"`
}

// DeletedData is the data of Deleted.
type DeletedData struct {
	TicketID int64 `json:"ticketId,string"`
}

// MessageCreatedData is the data of MessageCreated.
type MessageCreatedData struct {
	TicketID  int64       `json:"ticketId,string"`
	MessageID int64       `json:"messageId,string"`
	Type      MessageType `json:"messageType"`
}
