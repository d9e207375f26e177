package runner

// The intervals that tests wait for.
const (
	PingInterval = pingInterval
	PingTimeout  = pingTimeout
)

// DrainConnections is what Main does before Stop.
func (r *Running) DrainConnections() { r.drainConnections() }
