package runner

// The bounds that tests wait for.
const (
	LookEvery   = lookEvery
	LookTimeout = lookTimeout
)
