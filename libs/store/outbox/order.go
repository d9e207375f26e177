package outbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Order is what a service may keep in the row of an object so that the ids of the object's events ascend, whatever the
// clocks of the replicas say, without a query for the last event. Each transaction that appends events about the object
// advances the order in the row, before it appends them: Seq by 1, and At to the present if that is later.
type Order struct {
	At  int64 // of the last event's id, in Unix milliseconds
	Seq int64 // how many transactions have advanced the order
}

// NewOrder is the order of an object that the same transaction creates.
func NewOrder() Order { return Order{time.Now().UnixMilli(), 1} }

// maxOrdered bounds the events about an object in one transaction.
const maxOrdered = 4

// id returns the id of the event at an index, from 0, among those of a transaction. Ids ascend by At, Seq and index.
// They are UUIDv7 with 56 random bits. Seq has 16 bits in it, so it begins again after 65,536 transactions; in the
// meantime, At has advanced.
func (o Order) id(index int) (string, error) {
	if index >= maxOrdered {
		return "", fmt.Errorf("a transaction has more than %d events about one object", maxOrdered)
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	const version, variant = 7, 0b10
	seq := uint64(o.Seq) & 0xffff
	binary.BigEndian.PutUint64(id[:8], uint64(o.At)<<afterTime|version<<12|seq>>4)
	id[8] = byte(variant<<6 | seq&0xf<<2 | uint64(index))
	return id.String(), nil
}

// OrderOf returns the order for events about key after o was advanced. If no transaction had advanced it before, the
// object's last event may have a later id, so OrderOf looks for that. If the result differs from o, store it.
func (l *Log) OrderOf(ctx context.Context, t tenant.ID, key int64, o Order) (Order, error) {
	if o.Seq > 1 {
		return o, nil
	}
	last, err := l.lastID(ctx, t, key)
	if err != nil || last == "" {
		return o, err
	}
	before, err := uuid.Parse(last)
	if err != nil {
		return o, fmt.Errorf("outbox: the last record's id isn't a UUID: %w", err)
	}
	o.At = max(o.At, milliseconds(before)+1)
	return o, nil
}

// AppendOrdered is Append for the event at an index, from 0, among those about key of this transaction, which has
// advanced the key's order to o. visitor is nil, or a visitor that the event concerns and that its data doesn't name.
func (l *Log) AppendOrdered(
	ctx context.Context, t tenant.ID, visitor *id.Visitor, key int64, o Order, index int, data contract.Data,
) (err error) {
	r := Record{Key: key}
	if visitor != nil {
		r.Visitor = int64(*visitor)
	}
	if r.ID, err = o.id(index); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return l.insert(ctx, t, r, data)
}
