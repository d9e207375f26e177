package storetest

import (
	"encoding/json"

	"fivechat.dev/libs/contract"
)

// data is the data of an event that only tests publish.
type data struct {
	typ     contract.EventType
	content any
}

// EventType implements contract.Data.
func (d data) EventType() contract.EventType { return d.typ }

// MarshalJSON writes the content.
func (d data) MarshalJSON() ([]byte, error) { return json.Marshal(d.content) }

// Event returns the data of an event with a type and content.
func Event(typ contract.EventType, content any) contract.Data { return data{typ, content} }
