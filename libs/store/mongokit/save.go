package mongokit

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// Save stores the fields in which after differs from before, and no others. before is the row that filter matches, as
// it was read in the same transaction. If nothing differs, Save writes nothing. A field that is added to T is saved
// without further code. after may share slices and maps with before only if they are unchanged: a change in place
// isn't seen.
func (c *Collection[T]) Save(ctx context.Context, t tenant.ID, filter bson.D, before, after T) error {
	update, err := Changes(before, after)
	if err != nil || len(update) == 0 {
		return err
	}
	found, err := c.Update(ctx, t, filter, update)
	if err == nil && !found {
		err = fault.Missing(c.all.noun)
	}
	return err
}

// Changes returns the update that makes the stored row before equal to after: $set for the fields that differ, $unset
// for those that after omits. It is empty if nothing differs.
func Changes(before, after any) (bson.D, error) {
	old, err := bson.Marshal(before)
	if err != nil {
		return nil, fmt.Errorf("mongokit: %w", err)
	}
	raw, err := bson.Marshal(after)
	if err != nil {
		return nil, fmt.Errorf("mongokit: %w", err)
	}
	var set, unset, update bson.D
	has := map[string]bool{}
	fields, err := bson.Raw(raw).Elements()
	if err != nil {
		return nil, fmt.Errorf("mongokit: %w", err)
	}
	for _, f := range fields {
		has[f.Key()] = true
		if !f.Value().Equal(bson.Raw(old).Lookup(f.Key())) {
			set = append(set, bson.E{Key: f.Key(), Value: f.Value()})
		}
	}
	if fields, err = bson.Raw(old).Elements(); err != nil {
		return nil, fmt.Errorf("mongokit: %w", err)
	}
	for _, f := range fields {
		if !has[f.Key()] {
			unset = append(unset, bson.E{Key: f.Key(), Value: ""})
		}
	}
	if len(set) > 0 {
		update = append(update, bson.E{Key: "$set", Value: set})
	}
	if len(unset) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: unset})
	}
	return update, nil
}
