package visitors

// The events that tell of visitors. A visitor's number is the key of the first two, whose data is empty; the key of an
// import is 0.
const (
	EventCreated  = "visitor.created"
	EventUpdated  = "visitor.updated"
	EventImported = "visitors.imported"
)

// NoData is the data of an event that says all by its type and key.
type NoData struct{}

// ImportedData is the data of EventImported.
type ImportedData struct {
	Visitors int `json:"visitors"` // how many are new
}
