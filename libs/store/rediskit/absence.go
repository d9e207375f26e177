package rediskit

import (
	"sync/atomic"
	"time"
)

// absentFor is for how long a Redis that did not answer is then not asked.
const absentFor = time.Second

// Absence remembers that Redis did not answer, so that who can do without it does not wait for it each time. Its zero
// value is that it is there.
type Absence struct{ until atomic.Int64 } // in Unix nanoseconds

// Lasts says whether Redis is not to be asked yet.
func (a *Absence) Lasts() bool { return time.Now().UnixNano() < a.until.Load() }

// Begin notes that Redis did not answer.
func (a *Absence) Begin() { a.until.Store(time.Now().Add(absentFor).UnixNano()) }
