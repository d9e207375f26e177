package visitors

import "time"

// The types of the events that this service publishes. The key of the first three is the visitor's id; the key of an
// import is 0.
const (
	EventCreated  = "visitor.created"
	EventUpdated  = "visitor.updated"
	EventErased   = "visitor.erased"
	EventImported = "visitors.imported"
	EventOnline   = "visitor.online" // transient: repeated while the visitor is online
)

// Data is the data of EventCreated, EventUpdated and EventErased. An erased visitor no longer exists.
type Data struct {
	VisitorID int64 `json:"visitorId"`
}

// ImportedData is the data of EventImported.
type ImportedData struct {
	Visitors   int     `json:"visitors"` // number of new visitors
	VisitorIDs []int64 `json:"visitorIds"`
}

// OnlineData is the data of EventOnline.
type OnlineData struct {
	VisitorID int64     `json:"visitorId"`
	Until     time.Time `json:"until"` // end of being online, unless the visitor is seen again
}
