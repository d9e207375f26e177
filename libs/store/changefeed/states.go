package changefeed

import (
	"context"
	"slices"
)

// resumePoint is the position within the records that have been read at which a response ends: a key and, for a
// negative key, the last row returned.
type resumePoint struct {
	keyChange
	row int64
}

// states returns the states of keys, as many as fit, and where it ended; nil means at the end. last maps each key to
// its last position in this part of the log.
func (a *answer) states(ctx context.Context, queue []keyChange, last map[int64]int64) (*resumePoint, error) {
	after := int64(0)
	if len(queue) > 0 && queue[0].pos == a.from+1 && queue[0].key == a.at.Key {
		after = a.at.Row
	}
	for limit := chunk; len(queue) > 0; {
		if a.full() {
			return &resumePoint{queue[0], 0}, nil
		}
		if queue[0].key < 0 {
			row, more, err := a.below(ctx, queue[0], after, last)
			if err != nil || more {
				return &resumePoint{queue[0], row}, err
			}
			queue, after = queue[1:], 0
			continue
		}
		some := queue[:min(limit, len(queue))]
		if i := slices.IndexFunc(some, func(k keyChange) bool { return k.key < 0 }); i > 0 {
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

// byKeys returns the states of positive keys until the response is full, and their number. With cut it returns none,
// because their rows exceed the bytes of one read.
func (a *answer) byKeys(ctx context.Context, some []keyChange, last map[int64]int64) (given int, cut bool, err error) {
	keys := make([]int64, len(some))
	for i, k := range some {
		keys[i] = k.key
	}
	rows, cut, err := a.ByKeys(ctx, a.website, keys)
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
		if owner := -a.owner(k.key); later[k.key] || later[owner] || last[k.key] > k.pos || last[owner] > k.pos {
			continue
		}
		view := a.Gone
		if r, is := found[k.key]; is {
			view = func(int64) any { return r.View }
		}
		a.read++
		if err := a.write(view(k.key)); err != nil {
			return i, false, err
		}
	}
	return len(some), false, nil
}

// below returns the rows of the owner of a negative key, after one of them, except those that a later record concerns.
// row is the last row handled. more reports that the response is full before the end.
func (a *answer) below(
	ctx context.Context,
	k keyChange,
	after int64,
	last map[int64]int64,
) (row int64, more bool, err error) {
	row = after
	for following := true; following; {
		var rows []Row
		if rows, following, err = a.Below(ctx, a.website, -k.key, row, chunk); err != nil {
			return row, true, err
		}
		keys := []int64{k.key}
		for _, r := range rows {
			keys = append(keys, r.Key)
		}
		later, err := a.later(ctx, keys)
		if err != nil || later[k.key] || last[k.key] > k.pos {
			return row, false, err
		}
		if row == 0 && len(rows) == 0 {
			a.read++
			return row, false, a.write(a.Gone(k.key))
		}
		for i, r := range rows {
			if a.full() {
				return row, true, nil
			}
			row = r.ID
			a.read++
			if later[r.Key] || last[r.Key] > k.pos {
				continue
			}
			if err := a.write(rows[i].View); err != nil {
				return row, true, err
			}
		}
	}
	return row, false, nil
}
