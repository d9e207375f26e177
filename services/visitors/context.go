package visitors

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
)

// Context is what a site says of its visitor: an object of the site's own making. Its values are kept as they were
// written, so that a long number loses nothing.
type Context map[string]json.RawMessage

const (
	emptyContext    = "{}"
	maxContextKeys  = 100
	maxContextBytes = 16 << 10
)

// geolocation are the keys, in lower case, that a site may not set: where a visitor is, only the address says.
var geolocation = map[string]bool{
	"geo": true, "geolocation": true, "location": true, "country": true, "countrycode": true, "region": true, "city": true,
	"latitude": true, "longitude": true, "lat": true, "lng": true, "lon": true, "coordinates": true, "timezone": true, "ip": true,
}

// MergeContext puts change over the stored context, key by key; null removes a key, geolocation keys are dropped. It
// gives the canonical JSON of the result (keys sorted at every depth, no spaces), or what is wrong with it.
func MergeContext(stored string, change Context) (merged, problem string) {
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
	if len(all) > maxContextKeys {
		return stored, "must have at most 100 keys"
	}
	b, err := canonical(all)
	switch {
	case err != nil:
		return stored, "must be an object"
	case len(b) > maxContextBytes:
		return stored, "must be at most 16384 bytes"
	default:
		return string(b), ""
	}
}

// Written is the canonical JSON of what a change wrote, without the context that it was merged into.
func Written(change Context) string {
	shown, _ := MergeContext(emptyContext, change) // a change that cannot be merged was refused before
	return shown
}

// canonical decodes every value, so that encoding sorts and compacts it. Numbers stay the literals they are.
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
