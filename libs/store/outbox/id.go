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

// nextID gives a new record about key an id that sorts behind those of all committed records about it, whatever the
// clocks of the replicas that wrote them say: the relay then has nothing to do but take records by their ids.
func (l *Log) nextID(ctx context.Context, t tenant.ID, key int64) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	last, err := l.rows.List(ctx, bson.D{{Key: mongokit.TenantKey, Value: t}, {Key: "key", Value: key}},
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: -1}}, Limit: 1, Omit: "data"})
	if err != nil || len(last) == 0 {
		return id.String(), err
	}
	return behind(id, last[0].ID)
}

// behind gives id where it sorts behind last, else an id of the millisecond after last's that is as random as id.
func behind(id uuid.UUID, last string) (string, error) {
	if id.String() > last {
		return id.String(), nil
	}
	before, err := uuid.Parse(last)
	if err != nil {
		return "", fmt.Errorf("the record before has no UUID: %w", err)
	}
	const version = 16 // bits of a UUIDv7's first eight bytes that follow its 48 of milliseconds
	ms := binary.BigEndian.Uint64(before[:8])>>version + 1
	binary.BigEndian.PutUint64(id[:8], ms<<version|binary.BigEndian.Uint64(id[:8])&(1<<version-1))
	return id.String(), nil
}
