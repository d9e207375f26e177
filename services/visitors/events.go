package visitors

import "time"

// The events that tell of visitors. A visitor's number is the key of the first two; the key of an import is 0.
const (
	EventCreated  = "visitor.created"
	EventUpdated  = "visitor.updated"
	EventImported = "visitors.imported"
	EventOnline   = "visitor.online" // fleeting: repeated for as long as they are there
)

// Data is the data of EventCreated and EventUpdated.
type Data struct {
	VisitorID int64 `json:"visitorId"`
}

// ImportedData is the data of EventImported.
type ImportedData struct {
	Visitors int `json:"visitors"` // how many are new
}

// OnlineData is the data of EventOnline.
type OnlineData struct {
	VisitorID int64     `json:"visitorId"`
	Until     time.Time `json:"until"` // they count as online until then, and longer where they are seen again
}
