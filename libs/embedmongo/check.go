package embedmongo

import (
	"context"
	"errors"
	"log/slog"

	"fivechat.dev/libs/embedmongo/internal/store"
)

// Problem is one inconsistency in a database.
type Problem struct {
	// Collection is the full name, database.collection, or "" if the problem belongs to no collection.
	Collection string
	// Index is its name, or "" if the problem concerns documents only.
	Index string
	// Document is the _id as extended JSON, or its encoded key if the document can't be read.
	Document string
	// Text describes the problem.
	Text string
}

// String returns the problem in one line.
func (p Problem) String() string { return store.Problem(p).Error() }

// Summary counts what Check compared and the problems that it reported. It doesn't count the implied index on _id,
// whose entries are the documents.
type Summary struct{ Collections, Documents, Indexes, Entries, Problems int }

// Check verifies the database in a folder that no server has open: every document is well-formed and has its entries
// in every index, every entry belongs to a document, and a unique key has one document. It reports each problem and
// changes nothing. An error means that the check is incomplete.
func Check(ctx context.Context, dir string, report func(Problem)) (Summary, error) {
	engine, err := store.OpenReadOnly(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return Summary{}, err
	}
	sum, err := engine.Verify(ctx, func(p store.Problem) { report(Problem(p)) })
	return Summary(sum), errors.Join(err, engine.Close())
}
