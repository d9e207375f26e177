package embedmongo

import (
	"context"
	"errors"
	"log/slog"

	"fivechat.dev/libs/embedmongo/internal/store"
)

// Problem is one thing in a database that is wrong.
type Problem struct {
	// Collection is its full name, database.collection; "" for what belongs to none.
	Collection string
	// Index is its name; "" for what is about documents alone.
	Index string
	// Document is the _id, as extended JSON; when the document cannot be read,
	// its encoded key.
	Document string
	// Text says what is wrong.
	Text string
}

// String says it in one line.
func (p Problem) String() string { return store.Problem(p).Error() }

// Summary counts what Check compared, and the problems it reported. The
// implied index on _id is not counted: the documents are its entries.
type Summary struct{ Collections, Documents, Indexes, Entries, Problems int }

// Check verifies the database in a folder that no server has open: that every
// document is whole and has its entries in every index, that every entry leads
// to a document that has it, and that a unique key has one document. It
// reports each problem and changes nothing. An error means that it could not
// look at everything.
func Check(ctx context.Context, dir string, report func(Problem)) (Summary, error) {
	engine, err := store.OpenReadOnly(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return Summary{}, err
	}
	sum, err := engine.Verify(ctx, func(p store.Problem) { report(Problem(p)) })
	return Summary(sum), errors.Join(err, engine.Close())
}
