package outbox

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

// typeErased is the type of a record whose content was erased. The record keeps its position, because readers stop at
// a gap.
const typeErased = "erased"

// Redact removes personal data from the records about a key. Of their data only the members that statistics counts stay
// (contract.Facts), and nothing identifies the key or the visitor. Call it inside the transaction that erases what the
// key stands for, and Unpublish after it.
func (l *Log) Redact(ctx context.Context, t tenant.ID, key int64) error {
	last := ""
	for {
		about := bson.D{
			{Key: mongokit.TenantKey, Value: t},
			{Key: "key", Value: key},
			{Key: "_id", Value: bson.D{{Key: "$gt", Value: last}}},
		}
		records, _, err := l.rows.Part(
			ctx,
			about,
			mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: relayBatch},
		)
		if err != nil || len(records) == 0 {
			return err
		}
		changes := make([]mongokit.RowUpdate, len(records))
		for i, r := range records {
			data, err := only(r.Data, contract.FactsOf(r.Type).Counts)
			if err != nil {
				return fmt.Errorf("outbox: redact %s: %w", r.ID, err)
			}
			changes[i] = mongokit.RowUpdate{Tenant: t, ID: r.ID, Set: bson.D{
				{
					Key:   "data",
					Value: data,
				}, {Key: "key", Value: int64(0)}, {Key: "visitorId", Value: int64(0)}, {Key: "erased", Value: true},
			}}
			last = r.ID
		}
		if err := l.rows.SetEach(ctx, changes); err != nil {
			return err
		}
	}
}

// only returns the members of a JSON object that keep names.
func only(data string, keep []string) (string, error) {
	var all map[string]jsontext.Value
	if err := json.Unmarshal([]byte(data), &all); err != nil {
		return "", err
	}
	some := map[string]jsontext.Value{}
	for _, name := range keep {
		if v, there := all[name]; there {
			some[name] = v
		}
	}
	b, err := json.Marshal(some, json.Deterministic(true))
	return string(b), err
}

// EraseWebsite erases a batch of a website's records, and reports whether there may be more. An erased record keeps
// its id, time and position only. It belongs to no tenant, and so to another shard. A shard key can't be changed in
// many rows at once, so new rows replace the old ones.
func (l *Log) EraseWebsite(ctx context.Context, t tenant.ID) (more bool, err error) {
	err = l.db.Tx(ctx, func(ctx context.Context) error {
		of := bson.D{{Key: mongokit.TenantKey, Value: t}}
		records, err := l.rows.List(ctx, of, mongokit.Query{Limit: relayBatch, Omit: "data"})
		if more = len(records) > 0; err != nil || !more {
			return err
		}
		ids, left := make([]string, len(records)), make([]Record, len(records))
		for i, r := range records {
			ids[i], left[i] = r.ID, Record{
				ID:     r.ID,
				Type:   typeErased,
				At:     r.At,
				Data:   "{}",
				Pos:    r.Pos,
				PosAt:  r.PosAt,
				Erased: true,
				Trace:  r.Trace,
			}
		}
		if _, err := l.rows.Delete(ctx, append(of, bson.E{
			Key: "_id", Value: bson.D{{Key: "$in", Value: ids}},
		})); err != nil {
			return err
		}
		return l.rows.Insert(ctx, left...)
	})
	return more, err
}

// Unpublish removes the log's entries from Redis. Readers continue from the log.
func (l *Log) Unpublish(ctx context.Context) error {
	if l.redis == nil {
		return nil
	}
	if err := l.redis.Drop(ctx, StreamName(l.tele.Component)); err != nil {
		return fault.Away("Redis", err)
	}
	return nil
}
