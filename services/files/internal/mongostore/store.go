// Package mongostore stores the rows of files in MongoDB. Store implements files.Store and the data holder for data
// subject requests; New declares its collections and indexes.
//
// Invariant: a row and its bytes in the storage count are written in one transaction. The package holds no business
// rules; those are in package files.
package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/files"
)

// Store implements files.Store.
type Store struct {
	db     *mongokit.DB
	files  *mongokit.Collection[files.File]
	due    *mongokit.Global[files.File]
	ids    *mongokit.Sequence
	bytes  *rowcount.Bytes
	tables datasubject.Tables
}

// rowBytes is what a file counts towards the website's stored bytes, in addition to its blobs.
const rowBytes = rowcount.Block

// New declares the collections.
func New(db *mongokit.DB) *Store {
	newest := func(fields ...string) mongokit.Index {
		var ix mongokit.Index
		for _, f := range fields {
			ix.Keys = append(ix.Keys, bson.E{Key: f, Value: 1})
		}
		ix.Keys = append(ix.Keys, bson.E{Key: "createdAt", Value: -1}, bson.E{Key: "_id", Value: -1})
		return ix
	}
	s := &Store{
		db: db,
		files: mongokit.Tenanted[files.File](db, "files_files", "file",
			mongokit.Index{Keys: bson.D{{Key: "key", Value: 1}}, Unique: true, Present: "key"},
			mongokit.Index{Keys: bson.D{{Key: "visitorId", Value: 1}, {Key: "_id", Value: 1}}},
			mongokit.Index{Keys: bson.D{{Key: "_id", Value: 1}}},
			newest("visitorId"), newest()),
		due: mongokit.GlobalOf[files.File](db, "files_files", "file",
			mongokit.Index{Keys: bson.D{{Key: "dueAt", Value: 1}}, Present: "dueAt"}),
		ids: mongokit.NewSequence(db, "files", "file"),
		tables: datasubject.Tables{
			datasubject.Table{Kind: "file", Visitor: "visitorId", Omit: []string{"key", "dueAt"}}.In(db, "files_files"),
		},
	}
	s.bytes = rowcount.NewBytes(db, "files_bytes", s.countBytes)
	return s
}

func byID(number id.File) bson.D { return bson.D{{Key: "_id", Value: number}} }

// NextID implements files.Store.
func (s *Store) NextID(ctx context.Context) (id.File, error) {
	number, err := s.ids.Next(ctx)
	return id.File(number), err
}

// Reserve implements files.Store.
func (s *Store) Reserve(ctx context.Context, f files.File) (files.File, error) {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.files.Insert(ctx, f.WebsiteID, f); err != nil {
			return err
		}
		return s.bytes.Add(ctx, f.WebsiteID, f.Bytes()+rowBytes)
	})
	if mongokit.IsDuplicate(err) {
		return s.files.Get(ctx, f.WebsiteID, bson.D{{Key: "key", Value: f.Key}})
	}
	return f, err
}

// Get implements files.Store.
func (s *Store) Get(ctx context.Context, t tenant.ID, file id.File) (files.File, error) {
	return s.files.Get(ctx, t, byID(file))
}

// Save implements files.Store.
func (s *Store) Save(
	ctx context.Context, t tenant.ID, file id.File, change func(files.File) (files.File, error),
) (saved files.File, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.files.Get(ctx, t, byID(file))
		if err != nil {
			return err
		}
		if saved, err = change(stored); err != nil {
			return err
		}
		return s.files.Save(ctx, t, byID(file), stored, saved)
	})
	return saved, err
}

// Due implements files.Store.
func (s *Store) Due(ctx context.Context, now, until time.Time, limit int64) ([]files.File, error) {
	due, err := s.due.List(ctx, bson.D{{Key: "dueAt", Value: bson.D{{Key: "$lte", Value: now}}}},
		mongokit.Query{Sort: bson.D{{Key: "dueAt", Value: 1}}, Limit: limit})
	if err != nil {
		return nil, err
	}
	var claimed []files.File
	for _, f := range due {
		mine, err := s.files.Modify(ctx, f.WebsiteID, bson.D{{Key: "_id", Value: f.ID}, {Key: "dueAt", Value: f.DueAt}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "dueAt", Value: until}}}})
		if fault.Is(err, fault.NotFound) { // another replica has it, or it isn't due any more
			continue
		}
		if err != nil {
			return claimed, err
		}
		claimed = append(claimed, mine)
	}
	return claimed, nil
}

// Overdue returns since when the file that has waited longest has been due; the zero time if none is.
func (s *Store) Overdue(ctx context.Context) (time.Time, error) {
	found, err := s.due.List(ctx, bson.D{{Key: "dueAt", Value: bson.D{{Key: "$exists", Value: true}}}},
		mongokit.Query{Sort: bson.D{{Key: "dueAt", Value: 1}}, Limit: 1, Only: []string{"dueAt"}})
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	return *found[0].DueAt, nil
}

// After implements files.Store.
func (s *Store) After(ctx context.Context, of subject.Subject, file id.File, limit int64) ([]files.File, error) {
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: file}}}}
	if visitor, is := of.Visitor(); is {
		filter = append(bson.D{{Key: "visitorId", Value: visitor}}, filter...)
	}
	return s.files.List(ctx, of.Website(), filter, mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: limit})
}

// Delete implements files.Store.
func (s *Store) Delete(ctx context.Context, f files.File) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.files.Delete(ctx, f.WebsiteID, byID(f.ID))
		if err != nil || n == 0 {
			return err
		}
		return s.bytes.Remove(ctx, f.WebsiteID, f.Bytes()+rowBytes)
	})
}

func (s *Store) countBytes(ctx context.Context, t tenant.ID, add func(int64)) error {
	return s.files.Each(ctx, t, nil, mongokit.Query{Only: []string{"size", "thumbnailSize"}}, func(f files.File) {
		add(f.Bytes() + rowBytes)
	})
}

// Stored counts the bytes that files take.
func (s *Store) Stored() *rowcount.Bytes { return s.bytes }
