package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/conversations"
)

func declareNotes(db *mongokit.DB) *mongokit.Collection[conversations.Note] {
	return mongokit.Tenanted[conversations.Note](db, "conversations_notes", "note",
		mongokit.Index{Keys: bson.D{{Key: "conversationId", Value: 1}, {Key: "_id", Value: 1}}},
		mongokit.Index{Keys: newestOf()})
}

// NextNoteID implements conversations.Store.
func (s *Store) NextNoteID(ctx context.Context) (id.Note, error) {
	n, err := s.noteIDs.Next(ctx)
	return id.Note(n), err
}

// notesOf matches the notes of a conversation.
func notesOf(conversation id.Conversation, more ...bson.E) bson.D {
	return append(bson.D{{Key: "conversationId", Value: conversation}}, more...)
}

// Notes implements conversations.Store.
func (s *Store) Notes(
	ctx context.Context, t tenant.ID, conversation id.Conversation, after id.Note,
) ([]conversations.Note, bool, error) {
	return s.notes.Part(ctx, t,
		notesOf(conversation, bson.E{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}),
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Bytes: paging.MaxBytes})
}

// Note implements conversations.Store.
func (s *Store) Note(
	ctx context.Context, t tenant.ID, conversation id.Conversation, note id.Note,
) (conversations.Note, error) {
	return s.notes.Get(ctx, t, notesOf(conversation, bson.E{Key: "_id", Value: note}))
}

// AddNote implements conversations.Store.
func (s *Store) AddNote(
	ctx context.Context, t tenant.ID, token string,
	add func(conversations.Conversation) (conversations.Conversation, conversations.Note, conversations.Event, error),
) (added conversations.Note, err error) {
	err = s.annotate(ctx, t, token, func(
		ctx context.Context, c conversations.Conversation,
	) (conversations.Conversation, conversations.Event, error) {
		var event conversations.Event
		var err error
		if c, added, event, err = add(c); err != nil {
			return c, event, err
		}
		return c, event, s.notes.Insert(ctx, t, added)
	})
	return added, err
}

// ChangeNote implements conversations.Store.
func (s *Store) ChangeNote(
	ctx context.Context, t tenant.ID, token string, note id.Note,
	change func(conversations.Conversation, conversations.Note, []id.User) (
		conversations.Conversation, conversations.Note, conversations.Event, error),
) (saved conversations.Note, err error) {
	err = s.annotate(ctx, t, token, func(
		ctx context.Context, c conversations.Conversation,
	) (conversations.Conversation, conversations.Event, error) {
		before, others, err := s.noteIn(ctx, t, c.ID, note)
		if err != nil {
			return c, conversations.Event{}, err
		}
		var event conversations.Event
		if c, saved, event, err = change(c, before, others); err != nil {
			return c, event, err
		}
		return c, event, s.notes.Save(ctx, t, notesOf(c.ID, bson.E{Key: "_id", Value: note}), before, saved)
	})
	return saved, err
}

// DeleteNote implements conversations.Store.
func (s *Store) DeleteNote(
	ctx context.Context, t tenant.ID, token string, note id.Note,
	remove func(conversations.Conversation, conversations.Note, []id.User) (
		conversations.Conversation, conversations.Event, error),
) error {
	return s.annotate(ctx, t, token, func(
		ctx context.Context, c conversations.Conversation,
	) (conversations.Conversation, conversations.Event, error) {
		n, others, err := s.noteIn(ctx, t, c.ID, note)
		if err != nil {
			return c, conversations.Event{}, err
		}
		c, event, err := remove(c, n, others)
		if err == nil {
			_, err = s.notes.Delete(ctx, t, notesOf(c.ID, bson.E{Key: "_id", Value: note}))
		}
		return c, event, err
	})
}

// noteIn returns a note of a conversation that may be changed, and the users that the conversation's other notes
// mention.
func (s *Store) noteIn(
	ctx context.Context, t tenant.ID, conversation id.Conversation, note id.Note,
) (found conversations.Note, others []id.User, err error) {
	if found, err = s.Note(ctx, t, conversation, note); err != nil {
		return found, nil, err
	}
	if err := version.Check(ctx, found.Revision()); err != nil || len(found.Mentions) == 0 {
		return found, nil, err
	}
	rows, err := s.notes.List(ctx, t, notesOf(conversation), mongokit.Query{
		Only: []string{"mentions"}, Limit: conversations.MaxNotes,
	})
	for _, n := range rows {
		if n.ID != note {
			others = append(others, n.Mentions...)
		}
	}
	return found, others, err
}

// annotate locks a conversation by writing it, lets change change its notes, and stores the fields of the conversation
// that differ, and the event if there is one. The version of the conversation stays: it is the ETag of what visitors
// read too, and they must not see that there is a note.
func (s *Store) annotate(
	ctx context.Context, t tenant.ID, token string,
	change func(context.Context, conversations.Conversation) (conversations.Conversation, conversations.Event, error),
) error {
	done, err := s.turns.acquire(ctx, token)
	if err != nil {
		return err
	}
	defer done()
	return s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.conversations.Modify(ctx, t, byToken(token), advance(0))
		if err != nil {
			return err
		}
		after, event, err := change(ctx, stored)
		if err != nil || event.Data == nil {
			return err
		}
		order, err := s.order(ctx, stored)
		if err != nil {
			return err
		}
		after.EventAt = order.At
		if err := s.conversations.Save(ctx, t, bson.D{{Key: "_id", Value: stored.ID}}, stored, after); err != nil {
			return err
		}
		if err := s.texts.Resize(ctx, t, stored.Texts(), after.Texts()); err != nil {
			return err
		}
		return s.appendEvents(ctx, t, order, []conversations.Event{event})
	})
}

// EndMention implements conversations.Store. It writes no event and doesn't change the version.
func (s *Store) EndMention(ctx context.Context, t tenant.ID, token string, user id.User) error {
	_, err := s.conversations.Modify(ctx, t, byToken(token),
		bson.D{{Key: "$pull", Value: bson.D{{Key: mentionsField, Value: user}}}})
	return err
}

// mentionsField has the users that notes of a conversation mention and that haven't seen it.
const mentionsField = "mentions"
