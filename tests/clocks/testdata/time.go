package time

import "sync/atomic"

// Stepped is by how many seconds the clock on the wall has been stepped; what counts time that passes goes on.
var Stepped atomic.Int64
