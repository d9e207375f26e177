package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// BeginAt returns a position. If there is none, it stores pos first.
func (p *Positions) BeginAt(ctx context.Context, source string, pos int64) (int64, error) {
	row, err := p.rows.Modify(ctx, bson.D{{Key: "_id", Value: source}},
		bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "pos", Value: pos}}}}, true)
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

// errApplied says that the stored position isn't the expected one.
var errApplied = errors.New("feed: another replica has applied records")

// restart stores that a position is at the beginning. Unlike after Reset, a change from an older position fails then.
func (p *Positions) restart(ctx context.Context, source string) error {
	_, err := p.rows.Modify(ctx, bson.D{{Key: "_id", Value: source}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "pos", Value: int64(0)}}}}, true)
	return err
}

// Reset moves a position to the beginning.
func (p *Positions) Reset(ctx context.Context, source string) error {
	_, err := p.rows.Delete(ctx, bson.D{{Key: "_id", Value: source}})
	return err
}

// Apply calls effect with those of a source's records, in order of position, that aren't applied yet. Effect and
// position change in one transaction, and only if the position is the one before the records. If two replicas have the
// same records, one applies them; the other gets a write conflict, and then finds the position changed.
func (p *Positions) Apply(
	ctx context.Context,
	source string,
	records []outbox.Record,
	effect func(context.Context, []outbox.Record) error,
) error {
	if len(records) == 0 {
		return nil
	}
	from := records[0].Pos - 1 // what is stored, unless another replica has applied records too
	for {
		err := p.db.Tx(ctx, func(ctx context.Context) error {
			if err := p.move(ctx, source, from, records[len(records)-1].Pos); err != nil {
				return err
			}
			return effect(ctx, records)
		})
		if !errors.Is(err, errApplied) {
			return err
		}
		if from, err = p.Position(ctx, source); err != nil {
			return err
		}
		if from > 0 && from < records[0].Pos-1 { // a backup was restored; the records between would be skipped
			return fmt.Errorf("feed: the position in %s is %d, and the records begin at %d", source, from, records[0].Pos)
		}
		fresh := slices.IndexFunc(records, func(r outbox.Record) bool { return r.Pos > from })
		if fresh < 0 {
			return nil
		}
		records = records[fresh:]
	}
}

// move changes a position, or returns errApplied if it isn't at from. Without a row the upsert creates one. If the
// position is another one, it fails with a duplicate _id.
func (p *Positions) move(ctx context.Context, source string, from, to int64) error {
	_, err := p.rows.Modify(ctx, bson.D{{Key: "_id", Value: source}, {Key: "pos", Value: from}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "pos", Value: to}}}}, true)
	if mongokit.IsDuplicate(err) {
		return errApplied
	}
	return err
}
