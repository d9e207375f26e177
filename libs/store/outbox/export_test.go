package outbox

import "time"

// NeverPoll makes the interval between polls of an empty outbox, and the lease, so long that nothing depends on them.
func (l *Log) NeverPoll() { l.idle, l.lease = time.Hour, time.Hour }

// Listening reports whether messages arrive from replicas that have stored records.
func (l *Log) Listening() bool { return l.listening.Load() }
