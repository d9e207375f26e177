package mongokit

import (
	"context"
	"fmt"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// sequenceBlock is the number of ids that a process reserves at once. Ids that a stopped process didn't use are
// skipped.
const sequenceBlock = 100

// Sequence issues ids, unique over all processes and below 2^53. Draw them before a transaction, not inside it: an id
// is never returned.
type Sequence struct {
	rows *Global[sequenceRow]
	name string

	mu        sync.Mutex
	next, end int64 // [next, end) is reserved and unused
}

type sequenceRow struct {
	Name string `bson:"_id"`
	N    int64  `bson:"n"` // the last reserved id
}

// NewSequence declares a named sequence, stored in the collection service+"_sequences".
func NewSequence(db *DB, service, name string) *Sequence {
	return &Sequence{rows: GlobalOf[sequenceRow](db, service+"_sequences", "sequence"), name: name}
}

// Next returns one id.
func (s *Sequence) Next(ctx context.Context) (int64, error) { return s.Reserve(ctx, 1) }

// Reserve returns the first of n consecutive ids.
func (s *Sequence) Reserve(ctx context.Context, n int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end-s.next < n {
		draw := max(n, sequenceBlock)
		row, err := s.rows.Modify(
			ctx,
			bson.D{{Key: "_id", Value: s.name}},
			bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: draw}}}},
			true,
		)
		if err != nil {
			return 0, fmt.Errorf("sequence %s: %w", s.name, err)
		}
		s.next, s.end = row.N-draw+1, row.N+1
	}
	first := s.next
	s.next += n
	return first, nil
}
