package sim

import (
	_ "embed" // the figures
	"encoding/json"
	"fmt"
)

// Figures are what was measured of the system in processes of its own, by the benchmark Layers in tests/bench.
type Figures struct {
	Measured   string               `json:"measured"`   // when, and on what
	Operations map[string]Operation `json:"operations"` // by their names
	Event      Operation            `json:"event"`      // one record of a log, relayed, published and followed, beside the request that wrote it
	On         int                  `json:"on"`         // cores of the machine, for everything, the clients too
	Hearing    float64              `json:"hearing"`    // µs of processor that a replica of conversations takes to hear a record
	Relayed    float64              `json:"relayed"`    // records/s that a relay gave their positions and published when many waited
	Followed   float64              `json:"followed"`   // records/s that the follower of statistics counted then
}

// Operation is what one request, or one event, takes.
type Operation struct {
	CPU    map[string]float64 `json:"cpu"`    // µs of processor, by component; those of mongodb and redis too
	Mongo  float64            `json:"mongo"`  // commands to the store
	Writes float64            `json:"writes"` // of them those that write, with the ends of transactions
	Redis  float64            `json:"redis"`  // commands to Redis
	Events float64            `json:"events"` // records written to logs
	Rate   float64            `json:"rate"`   // 1/s, that 16 clients at once came to while it was measured
	Sent   float64            `json:"sent"`   // bytes of its answer's body
	Stored float64            `json:"stored"` // bytes of documents that there are more of behind it
}

//go:embed figures.json
var figures []byte

// Read gives the committed figures.
func Read() (f Figures, err error) {
	if err = json.Unmarshal(figures, &f); err != nil {
		return f, fmt.Errorf("figures.json: %w", err)
	}
	return f, nil
}
