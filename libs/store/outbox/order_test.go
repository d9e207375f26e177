package outbox

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

// TestOrderedIDsAscend: by time, by sequence in a millisecond, and by index in a transaction.
func TestOrderedIDsAscend(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, o := range []Order{
		{1_700_000_000_000, 1},
		{1_700_000_000_000, 15},
		{1_700_000_000_000, 16},
		{1_700_000_000_000, 4_097},
		{1_700_000_000_001, 65_537},
		{1_700_000_000_001, 65_538},
	} {
		for index := range maxOrdered {
			s, err := o.id(index)
			if err != nil {
				t.Fatal(err)
			}
			id := uuid.MustParse(s)
			if id.Version() != 7 || id.Variant() != uuid.RFC4122 || milliseconds(id) != o.At {
				t.Errorf("%s has version %d, variant %v and time %d", s, id.Version(), id.Variant(), milliseconds(id))
			}
			ids = append(ids, s)
		}
	}
	if !slices.IsSorted(ids) {
		t.Errorf("%v", ids)
	}
	if s, err := NewOrder().id(maxOrdered); err == nil {
		t.Errorf("the id of an event beyond the bound is %s", s)
	}
}
