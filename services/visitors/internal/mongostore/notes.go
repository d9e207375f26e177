package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/visitors"
)

func declareNotes(db *mongokit.DB) *mongokit.Collection[visitors.Note] {
	return mongokit.Tenanted[visitors.Note](db, "visitors_notes", "note",
		mongokit.Index{Keys: bson.D{{Key: "visitorId", Value: 1}, {Key: "_id", Value: 1}}},
		mongokit.Index{Keys: newestFirst})
}

// NextNoteID implements visitors.NoteStore.
func (s *Store) NextNoteID(ctx context.Context) (id.VisitorNote, error) {
	n, err := s.noteIDs.Next(ctx)
	return id.VisitorNote(n), err
}

// notesAbout matches the notes about a visitor.
func notesAbout(visitor id.Visitor, more ...bson.E) bson.D {
	return append(bson.D{{Key: "visitorId", Value: visitor}}, more...)
}

// Notes implements visitors.NoteStore.
func (s *Store) Notes(
	ctx context.Context, t tenant.ID, visitor id.Visitor, after id.VisitorNote,
) ([]visitors.Note, bool, error) {
	return s.notes.Part(ctx, t,
		notesAbout(visitor, bson.E{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}),
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Bytes: paging.MaxBytes})
}

// Note implements visitors.NoteStore.
func (s *Store) Note(
	ctx context.Context, t tenant.ID, visitor id.Visitor, note id.VisitorNote,
) (visitors.Note, error) {
	return s.notes.Get(ctx, t, notesAbout(visitor, bson.E{Key: "_id", Value: note}))
}

// AddNote implements visitors.NoteStore.
func (s *Store) AddNote(
	ctx context.Context, t tenant.ID, token string,
	add func(visitors.Visitor) (visitors.Visitor, visitors.Note, error),
) (added visitors.Note, err error) {
	err = s.annotate(ctx, t, token, func(
		ctx context.Context, v visitors.Visitor,
	) (visitors.Visitor, contract.Data, error) {
		var err error
		if v, added, err = add(v); err != nil {
			return v, nil, err
		}
		return v, added.Created(), s.notes.Insert(ctx, t, added)
	})
	return added, err
}

// ChangeNote implements visitors.NoteStore.
func (s *Store) ChangeNote(
	ctx context.Context, t tenant.ID, token string, note id.VisitorNote,
	change func(visitors.Visitor, visitors.Note) (visitors.Visitor, visitors.Note, contract.Data, error),
) (saved visitors.Note, err error) {
	err = s.annotate(ctx, t, token, func(
		ctx context.Context, v visitors.Visitor,
	) (visitors.Visitor, contract.Data, error) {
		before, err := s.currentNote(ctx, t, v.ID, note)
		if err != nil {
			return v, nil, err
		}
		var event contract.Data
		if v, saved, event, err = change(v, before); err != nil || event == nil {
			return v, nil, err
		}
		return v, event, s.notes.Save(ctx, t, notesAbout(v.ID, bson.E{Key: "_id", Value: note}), before, saved)
	})
	return saved, err
}

// DeleteNote implements visitors.NoteStore.
func (s *Store) DeleteNote(
	ctx context.Context, t tenant.ID, token string, note id.VisitorNote,
	remove func(visitors.Visitor, visitors.Note) (visitors.Visitor, error),
) error {
	return s.annotate(ctx, t, token, func(
		ctx context.Context, v visitors.Visitor,
	) (visitors.Visitor, contract.Data, error) {
		n, err := s.currentNote(ctx, t, v.ID, note)
		if err != nil {
			return v, nil, err
		}
		if v, err = remove(v, n); err != nil {
			return v, nil, err
		}
		_, err = s.notes.Delete(ctx, t, notesAbout(v.ID, bson.E{Key: "_id", Value: note}))
		return v, n.Deleted(), err
	})
}

// currentNote returns a note that may be changed. The error is PreconditionFailed if the context requires another
// version.
func (s *Store) currentNote(
	ctx context.Context, t tenant.ID, visitor id.Visitor, note id.VisitorNote,
) (visitors.Note, error) {
	found, err := s.Note(ctx, t, visitor, note)
	if err == nil {
		err = version.Check(ctx, found.Revision())
	}
	return found, err
}

// annotate locks a visitor by writing them, lets change change their notes, and stores the counts of notes and the
// event, if there is one. The version of the visitor stays: it is the ETag of what visitors read too, and they must not
// see that there is a note.
func (s *Store) annotate(
	ctx context.Context, t tenant.ID, token string,
	change func(context.Context, visitors.Visitor) (visitors.Visitor, contract.Data, error),
) error {
	found, err := s.ByToken(ctx, t, token)
	if err != nil {
		return err
	}
	of := bson.D{{Key: "_id", Value: found.ID}}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.visitors.Modify(ctx, t, of, bson.D{{Key: "$inc", Value: bson.D{{Key: "noteChanges", Value: 1}}}})
		if err != nil {
			return err
		}
		after, event, err := change(ctx, stored)
		if err != nil || event == nil {
			return err
		}
		if err := s.visitors.Save(ctx, t, of, stored, after); err != nil {
			return err
		}
		if err := s.texts.Resize(ctx, t, stored.Texts(), after.Texts()); err != nil {
			return err
		}
		return s.log.Append(ctx, t, int64(stored.ID), event)
	})
}
