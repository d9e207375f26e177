package visitors

import "time"

// The events that tell of visitors. A visitor's number is the key of the first three; the key of an import is 0.
const (
	EventCreated  = "visitor.created"
	EventUpdated  = "visitor.updated"
	EventErased   = "visitor.erased"
	EventImported = "visitors.imported"
	EventOnline   = "visitor.online" // fleeting: repeated for as long as they are there
)

// Data is the data of EventCreated, EventUpdated and EventErased: nothing is left of who was erased.
type Data struct {
	VisitorID int64 `json:"visitorId"`
}

// ImportedData is the data of EventImported.
type ImportedData struct {
	Visitors   int     `json:"visitors"` // how many are new
	VisitorIDs []int64 `json:"visitorIds"`
}

// OnlineData is the data of EventOnline.
type OnlineData struct {
	VisitorID int64     `json:"visitorId"`
	Until     time.Time `json:"until"` // they count as online until then, and longer where they are seen again
}
