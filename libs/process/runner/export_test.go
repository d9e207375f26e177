package runner

// The bounds that tests wait for.
const (
	LookEvery   = lookEvery
	LookTimeout = lookTimeout
)

// Part is what a process does before it stops.
func (r *Running) Part() { r.part() }
