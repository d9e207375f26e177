package changefeed

// Key is what a record concerns: one row, or all rows of an owner. Keys are comparable with ==.
type Key struct {
	id    int64 // the row's key or, if allOf is set, the owner's
	allOf bool
}

// RowKey returns the key of one row.
func RowKey(row int64) Key { return Key{id: row} }

// RowKeys returns the keys of rows.
func RowKeys[ID ~int64](rows ...ID) []Key {
	keys := make([]Key, len(rows))
	for i, row := range rows {
		keys[i] = RowKey(int64(row))
	}
	return keys
}

// IDs returns keys of rows as ids.
func IDs[ID ~int64](rows []int64) []ID {
	ids := make([]ID, len(rows))
	for i, row := range rows {
		ids[i] = ID(row)
	}
	return ids
}

// AllOf returns the key of all rows of an owner.
func AllOf(owner int64) Key { return Key{id: owner, allOf: true} }

// number returns the key as cursors contain it, and by which keys are ordered: an owner's is negated. Clients hold
// cursors, so this form stays as it is.
func (k Key) number() int64 {
	if k.allOf {
		return -k.id
	}
	return k.id
}
