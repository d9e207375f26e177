package sim

import (
	_ "embed" // the figures
	"encoding/json"
	"fmt"
)

// Figures are the results of the benchmark Layers in tests/bench, which measures the system in separate processes.
type Figures struct {
	Measured   string               `json:"measured"`   // when, and on which machine
	Operations map[string]Operation `json:"operations"` // by name
	// one record of a log, relayed, published and followed, without the request that wrote it
	Event Operation `json:"event"`
	On    int       `json:"on"` // cores of the machine, shared by everything, clients included
	// µs of processor time for a replica of conversations to receive a record
	Hearing float64 `json:"hearing"`
	// records/s that a relay assigned positions and published while many waited
	Relayed  float64 `json:"relayed"`
	Followed float64 `json:"followed"` // records/s that the follower of statistics counted then
}

// Operation is the cost of one request, or of one event.
type Operation struct {
	CPU    map[string]float64 `json:"cpu"`    // µs of processor time, by component, and of mongodb and redis
	Mongo  float64            `json:"mongo"`  // commands to the store
	Writes float64            `json:"writes"` // those of them that write, with the ends of transactions
	Redis  float64            `json:"redis"`  // commands to Redis
	Events float64            `json:"events"` // records written to logs
	Rate   float64            `json:"rate"`   // 1/s, reached by 16 concurrent clients during the measurement
	Sent   float64            `json:"sent"`   // bytes of the response's body
	Stored float64            `json:"stored"` // bytes of the documents that it adds
}

//go:embed figures.json
var figures []byte

// Read returns the committed figures.
func Read() (f Figures, err error) {
	if err = json.Unmarshal(figures, &f); err != nil {
		return f, fmt.Errorf("figures.json: %w", err)
	}
	return f, nil
}
