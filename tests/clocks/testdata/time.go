package time

import "sync/atomic"

// Stepped is by how many seconds the wall clock has been stepped. The monotonic clock isn't affected.
var Stepped atomic.Int64
