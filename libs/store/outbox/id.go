package outbox

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

// nextID returns an id for a new record about key. It is greater than the ids of all committed records about the key,
// whatever the clocks of the replicas say. So the relay can process records in the order of their ids.
func (l *Log) nextID(ctx context.Context, t tenant.ID, key int64) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	last, err := l.lastID(ctx, t, key)
	if err != nil || last == "" {
		return id.String(), err
	}
	return idAfter(id, last)
}

// lastID returns the greatest id of the records about key, or "" if there is none.
func (l *Log) lastID(ctx context.Context, t tenant.ID, key int64) (string, error) {
	last, err := l.rows.List(ctx, bson.D{{Key: mongokit.TenantKey, Value: t}, {Key: "key", Value: key}},
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: -1}}, Limit: 1, Omit: "data"})
	if err != nil || len(last) == 0 {
		return "", err
	}
	return last[0].ID, nil
}

// idAfter returns id if it is greater than last. Otherwise it returns an id of the millisecond after last's, with the
// random bits of id.
func idAfter(id uuid.UUID, last string) (string, error) {
	if id.String() > last {
		return id.String(), nil
	}
	before, err := uuid.Parse(last)
	if err != nil {
		return "", fmt.Errorf("the last record's id isn't a UUID: %w", err)
	}
	ms := uint64(milliseconds(before) + 1)
	binary.BigEndian.PutUint64(id[:8], ms<<afterTime|binary.BigEndian.Uint64(id[:8])&(1<<afterTime-1))
	return id.String(), nil
}

// afterTime is the number of bits of a UUIDv7's first eight bytes that follow its 48 bits of milliseconds.
const afterTime = 16

// milliseconds returns the time of a UUIDv7, in Unix milliseconds.
func milliseconds(id uuid.UUID) int64 { return int64(binary.BigEndian.Uint64(id[:8]) >> afterTime) }
