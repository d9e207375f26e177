package rediskit

import (
	"sync/atomic"
	"time"
)

// absentFor is how long Redis isn't called after it didn't respond.
const absentFor = time.Second

// Absence remembers that Redis didn't respond, so that callers which can work without it don't wait each time. The
// zero value means that Redis is available.
type Absence struct{ until atomic.Int64 } // in Unix nanoseconds

// Lasts reports whether Redis must not be called yet.
func (a *Absence) Lasts() bool { return time.Now().UnixNano() < a.until.Load() }

// Begin records that Redis didn't respond.
func (a *Absence) Begin() { a.until.Store(time.Now().Add(absentFor).UnixNano()) }
