// Package visitorcontext merges the facts that a website stores about its visitors, which are called their context. It
// is in the kernel because imports of conversations bring facts too, and are refused before anything is stored.
package visitorcontext

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
)

// Context is an object that a website stores about its visitor. Its values keep their literals, so that long numbers
// lose no digits.
type Context map[string]json.RawMessage

// Empty is the context of a visitor about which nothing is stored.
const Empty = "{}"

const (
	maxKeys  = 100
	maxBytes = 16 << 10
)

// geolocation are the keys, in lower case, that a website can't set: a visitor's location is only derived from the
// address.
var geolocation = map[string]bool{
	"geo": true, "geolocation": true, "location": true, "country": true, "countrycode": true, "region": true, "city": true,
	"latitude": true, "longitude": true, "lat": true, "lng": true, "lon": true, "coordinates": true, "timezone": true,
	"ip": true,
}

// Merge merges change into the stored context, key by key. A null removes a key; geolocation keys are dropped.
// It returns the canonical JSON of the result (keys sorted at every depth, no spaces), or a description of the problem.
func Merge(stored string, change Context) (merged, problem string) {
	var all Context
	if err := json.Unmarshal([]byte(stored), &all); err != nil || all == nil {
		all = Context{}
	}
	for key, value := range change {
		switch {
		case geolocation[strings.ToLower(key)]:
		case string(value) == "null":
			delete(all, key)
		default:
			all[key] = value
		}
	}
	if len(all) > maxKeys {
		return stored, "must have at most 100 keys"
	}
	b, err := canonical(all)
	switch {
	case err != nil:
		return stored, "must be an object"
	case len(b) > maxBytes:
		return stored, "must be at most 16384 bytes"
	default:
		return string(b), ""
	}
}

// Written returns the canonical JSON of the keys that a change wrote, without the context that it was merged into.
func Written(change Context) string {
	shown, _ := Merge(Empty, change) // a change that can't be merged has been refused before
	return shown
}

// canonical decodes every value, so that encoding sorts and compacts it. Numbers keep their literals.
func canonical(c Context) ([]byte, error) {
	values := make(map[string]any, len(c))
	for key, raw := range maps.All(c) {
		var v any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		values[key] = v
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(values)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}
