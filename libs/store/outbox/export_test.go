package outbox

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// NeverPoll makes the interval between polls of an empty outbox, and the lease, so long that nothing depends on them.
func (l *Log) NeverPoll() { l.idle, l.lease = time.Hour, time.Hour }

// Listening reports whether messages arrive from replicas that have stored records.
func (l *Log) Listening() bool { return l.listening.Load() }

// Published returns the published position in the lease's row.
func (l *Log) Published(ctx context.Context) (int64, error) {
	row, err := l.leases.Get(ctx, bson.D{{Key: "_id", Value: "relay"}})
	return row.Published, err
}
