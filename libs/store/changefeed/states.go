package changefeed

import (
	"context"
	"slices"
)

// left is where an answer ends within the records that it has read: a key, and of a negative one the last row given.
type left struct {
	told
	row int64
}

// states gives the states of keys, as many as fit, and where it ended; nil at the end. last is the last position at which
// this part of the log tells of a key.
func (a *answer) states(ctx context.Context, queue []told, last map[int64]int64) (*left, error) {
	behind := int64(0)
	if len(queue) > 0 && queue[0].pos == a.from+1 && queue[0].key == a.at.Key {
		behind = a.at.Row
	}
	for most := chunk; len(queue) > 0; {
		if a.full() {
			return &left{queue[0], 0}, nil
		}
		if queue[0].key < 0 {
			row, more, err := a.below(ctx, queue[0], behind, last)
			if err != nil || more {
				return &left{queue[0], row}, err
			}
			queue, behind = queue[1:], 0
			continue
		}
		some := queue[:min(most, len(queue))]
		if i := slices.IndexFunc(some, func(k told) bool { return k.key < 0 }); i > 0 {
			some = some[:i]
		}
		given, cut, err := a.byKeys(ctx, some, last)
		if err != nil {
			return nil, err
		}
		if cut {
			most = max(len(some)/2, 1)
		}
		queue = queue[given:]
	}
	return nil, nil //nolint:nilnil // it ended nowhere before the end
}

// byKeys gives the states of positive keys until the answer is full, and how many. With cut it gives none, as their rows
// are too many bytes for one read.
func (a *answer) byKeys(ctx context.Context, some []told, last map[int64]int64) (given int, cut bool, err error) {
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

// below gives the rows that belong to the owner of a negative key, behind one of them, except those that a later record
// tells of. row is the last one dealt with; more reports that the answer is full before the end.
func (a *answer) below(ctx context.Context, k told, behind int64, last map[int64]int64) (row int64, more bool, err error) {
	row = behind
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
