package client

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrUnknownEvent says that a server sent an event that this version of the client doesn't know. Ignore the event.
var ErrUnknownEvent = errors.New("client: unknown event")

func decode[T any](e Event) (any, error) {
	var v T
	if err := json.Unmarshal(e.Data, &v); err != nil {
		return nil, fmt.Errorf("client: decoding %s: %w", e.Name, err)
	}
	return v, nil
}
