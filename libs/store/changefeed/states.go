package changefeed

import (
	"context"
	"slices"
)

// resumePoint is the position within the records that have been read at which a response ends: a key and, if it is that
// of all rows of an owner, the last row returned.
type resumePoint struct {
	keyChange
	row int64
}

// states returns the states of keys, as many as fit, and where it ended; nil means at the end. last maps each key to
// its last position in this part of the log.
func (a *answer) states(ctx context.Context, queue []keyChange, last map[Key]int64) (*resumePoint, error) {
	after := int64(0)
	if len(queue) > 0 && queue[0].pos == a.from+1 && queue[0].key.number() == a.at.Key {
		after = a.at.Row
	}
	for limit := chunk; len(queue) > 0; {
		if a.full() {
			return &resumePoint{queue[0], 0}, nil
		}
		if queue[0].key.allOf {
			row, more, err := a.below(ctx, queue[0], after, last)
			if err != nil || more {
				return &resumePoint{queue[0], row}, err
			}
			queue, after = queue[1:], 0
			continue
		}
		some := queue[:min(limit, len(queue))]
		if i := slices.IndexFunc(some, func(k keyChange) bool { return k.key.allOf }); i > 0 {
			some = some[:i]
		}
		given, cut, err := a.byKeys(ctx, some, last)
		if err != nil {
			return nil, err
		}
		if cut {
			limit = max(len(some)/2, 1)
		}
		queue = queue[given:]
	}
	return nil, nil // the end is reached
}

// byKeys returns the states of rows until the response is full, and their number. With cut it returns none,
// because their rows exceed the bytes of one read.
func (a *answer) byKeys(ctx context.Context, some []keyChange, last map[Key]int64) (given int, cut bool, err error) {
	keys, ids := make([]Key, len(some)), make([]int64, len(some))
	for i, k := range some {
		keys[i], ids[i] = k.key, k.key.id
	}
	rows, cut, err := a.ByKeys(ctx, a.website, ids)
	if err != nil || cut {
		return 0, cut, err
	}
	found := map[int64]Row{}
	for _, r := range rows {
		found[r.Key] = r
	}
	later, err := a.later(ctx, keys)
	if err != nil {
		return 0, false, err
	}
	for i, k := range some {
		if a.full() {
			return i, false, nil
		}
		if owner := a.allOfOwner(k.key.id); later[k.key] || later[owner] || last[k.key] > k.pos || last[owner] > k.pos {
			continue
		}
		view := a.Gone
		if r, is := found[k.key.id]; is {
			view = func(int64) any { return r.View }
		}
		a.read++
		if err := a.write(view(k.key.id)); err != nil {
			return i, false, err
		}
	}
	return len(some), false, nil
}

// below returns all rows of the owner of a key, after one of them, except those that a later record concerns.
// row is the last row handled. more reports that the response is full before the end.
func (a *answer) below(
	ctx context.Context,
	k keyChange,
	after int64,
	last map[Key]int64,
) (row int64, more bool, err error) {
	row = after
	for following := true; following; {
		var rows []Row
		if rows, following, err = a.Below(ctx, a.website, k.key.id, row, chunk); err != nil {
			return row, true, err
		}
		keys := []Key{k.key}
		for _, r := range rows {
			keys = append(keys, RowKey(r.Key))
		}
		later, err := a.later(ctx, keys)
		if err != nil || later[k.key] || last[k.key] > k.pos {
			return row, false, err
		}
		if row == 0 && len(rows) == 0 {
			a.read++
			return row, false, a.write(a.GoneAll(k.key.id))
		}
		for i, r := range rows {
			if a.full() {
				return row, true, nil
			}
			row = r.ID
			a.read++
			if key := RowKey(r.Key); later[key] || last[key] > k.pos {
				continue
			}
			if err := a.write(rows[i].View); err != nil {
				return row, true, err
			}
		}
	}
	return row, false, nil
}
