package feed

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
)

// Positions stores how far a service has applied the logs that it follows.
type Positions struct {
	db   *mongokit.DB
	rows *mongokit.Global[positionRow]
}

type positionRow struct {
	Source string `bson:"_id"` // the service that the log belongs to
	Pos    int64  `bson:"pos"` // the last record applied
}

// NewPositions declares a service's positions, stored in service+"_positions".
func NewPositions(db *mongokit.DB, service string) *Positions {
	return &Positions{db, mongokit.GlobalOf[positionRow](db, service+"_positions", "position")}
}

// Position implements Follower.Position.
func (p *Positions) Position(ctx context.Context, source string) (int64, error) {
	row, err := p.rows.Get(ctx, bson.D{{Key: "_id", Value: source}})
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return row.Pos, err
}

// All returns the positions of all followed logs, by service.
func (p *Positions) All(ctx context.Context) (map[string]int64, error) {
	rows, err := p.rows.List(ctx, bson.D{}, mongokit.Query{})
	all := make(map[string]int64, len(rows))
	for _, r := range rows {
		all[r.Source] = r.Pos
	}
	return all, err
}

// Advance moves a position forward, never back. The position is that of a log, or of something derived from one.
func (p *Positions) Advance(ctx context.Context, source string, pos int64) error {
	_, err := p.rows.Modify(
		ctx,
		bson.D{{Key: "_id", Value: source}},
		bson.D{{Key: "$max", Value: bson.D{{Key: "pos", Value: pos}}}},
		true,
	)
	return err
}

// Apply calls effect with those of a source's records, in order of position, that aren't applied yet. Effect and
// position change in one transaction, and only if the position is still the one that was read. If two replicas have
// the same records, one applies them; the other gets a write conflict, retries, and finds none left.
func (p *Positions) Apply(
	ctx context.Context,
	source string,
	records []outbox.Record,
	effect func(context.Context, []outbox.Record) error,
) error {
	return p.db.Tx(ctx, func(ctx context.Context) error {
		from, err := p.Position(ctx, source)
		if err != nil {
			return err
		}
		var fresh []outbox.Record
		to := from
		for _, r := range records {
			if r.Pos > from {
				fresh, to = append(fresh, r), r.Pos
			}
		}
		if to == from {
			return nil
		}
		if err := effect(ctx, fresh); err != nil {
			return err
		}
		// Without a row the upsert creates one. If the position has changed, it fails with a duplicate _id.
		_, err = p.rows.Modify(ctx, bson.D{{Key: "_id", Value: source}, {Key: "pos", Value: from}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "pos", Value: to}}}}, true)
		return err
	})
}
