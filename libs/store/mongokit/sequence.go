package mongokit

import (
	"context"
	"fmt"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// sequenceBlock is how many numbers a process draws at once. Numbers that a stopped process did not use are skipped.
const sequenceBlock = 100

// Sequence hands out numbers, unique over all processes and below 2^53. Draw them before a transaction, not inside:
// a drawn number is never given back.
type Sequence struct {
	rows *Global[sequenceRow]
	name string

	mu        sync.Mutex
	next, end int64 // [next, end) is drawn and unused
}

type sequenceRow struct {
	Name string `bson:"_id"`
	N    int64  `bson:"n"` // the last number drawn
}

// NewSequence declares the sequence of a name, kept in the collection service+"_sequences".
func NewSequence(db *DB, service, name string) *Sequence {
	return &Sequence{rows: GlobalOf[sequenceRow](db, service+"_sequences", "sequence"), name: name}
}

// Next gives one number.
func (s *Sequence) Next(ctx context.Context) (int64, error) { return s.Reserve(ctx, 1) }

// Reserve gives the first of n numbers in a row.
func (s *Sequence) Reserve(ctx context.Context, n int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end-s.next < n {
		draw := max(n, sequenceBlock)
		row, err := s.rows.Modify(ctx, bson.D{{Key: "_id", Value: s.name}}, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: draw}}}}, true)
		if err != nil {
			return 0, fmt.Errorf("sequence %s: %w", s.name, err)
		}
		s.next, s.end = row.N-draw+1, row.N+1
	}
	first := s.next
	s.next += n
	return first, nil
}
