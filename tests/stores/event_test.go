package stores

import (
	"encoding/json"

	"fivechat.dev/libs/contract"
)

// testData is the data of an event that only these tests publish.
type testData struct {
	typ     contract.EventType
	content any
}

// EventType implements contract.Data.
func (d testData) EventType() contract.EventType { return d.typ }

// MarshalJSON writes the content.
func (d testData) MarshalJSON() ([]byte, error) { return json.Marshal(d.content) }
