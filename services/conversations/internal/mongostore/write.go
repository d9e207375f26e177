package mongostore

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
)

// Open implements conversations.Store.
func (s *Store) Open(
	ctx context.Context, c conversations.Conversation, m conversations.Message, evs []conversations.Event,
) (conversations.Conversation, conversations.Message, bool, error) {
	c.Terms = searchterms.Of(conversations.MaxTerms, m.Content)
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.conversations.Insert(ctx, c.WebsiteID, c); err != nil {
			return err
		}
		if err := s.messages.Insert(ctx, c.WebsiteID, m); err != nil {
			return err
		}
		if err := s.counts.Add(ctx, c.WebsiteID, keyOf(c), 1); err != nil {
			return err
		}
		if err := s.texts.Add(ctx, c.WebsiteID, c.Bytes); err != nil {
			return err
		}
		return s.appendEvents(ctx, c.WebsiteID, evs)
	})
	if c.OpenKey == "" || !mongokit.IsDuplicate(err) {
		return c, m, true, err
	}
	c, err = s.conversations.Get(ctx, c.WebsiteID,
		bson.D{{Key: "visitorId", Value: c.VisitorID}, {Key: "openKey", Value: c.OpenKey}})
	if err != nil {
		return c, m, false, err
	}
	m, err = s.byClientID(ctx, c.WebsiteID, c.ID, m.ClientID)
	return c, m, false, err
}

// Post implements conversations.Store. Its first statement writes the conversation, which serialises posts to one
// conversation: each sees the number of the one before.
func (s *Store) Post(
	ctx context.Context, t tenant.ID, token string, m conversations.Message,
	change func(conversations.Conversation, conversations.Message) (
		conversations.Conversation, conversations.Message, []conversations.Event, error),
) (conversations.Message, bool, error) {
	var posted conversations.Message
	c, err := s.save(ctx, t, token,
		func(
			ctx context.Context, c conversations.Conversation,
		) (conversations.Conversation, []conversations.Event, error) {
			var events []conversations.Event
			var err error
			if c, posted, events, err = change(c, m); err != nil {
				return c, nil, err
			}
			c.Terms = slices.Concat(c.Terms, searchterms.Of(conversations.MaxTerms, m.Content))
			return c, events, s.messages.Insert(ctx, t, posted)
		})
	if m.ClientID != "" && mongokit.IsDuplicate(err) {
		posted, err = s.byClientID(ctx, t, c.ID, m.ClientID)
		return posted, false, err
	}
	return posted, true, err
}

func (s *Store) byClientID(
	ctx context.Context, t tenant.ID, conversation id.Conversation, clientID string,
) (conversations.Message, error) {
	return s.messages.Get(ctx, t,
		bson.D{{Key: "conversationId", Value: conversation}, {Key: "clientMessageId", Value: clientID}})
}

// Save implements conversations.Store.
func (s *Store) Save(
	ctx context.Context, t tenant.ID, token string,
	change func(conversations.Conversation) (conversations.Conversation, []conversations.Event, error),
) (conversations.Conversation, error) {
	return s.save(ctx, t, token,
		func(
			_ context.Context, c conversations.Conversation,
		) (conversations.Conversation, []conversations.Event, error) {
			return change(c)
		})
}

// save locks the conversation by writing it, lets change change it, and stores the fields that differ and the events.
func (s *Store) save(
	ctx context.Context, t tenant.ID, token string,
	change func(
		context.Context, conversations.Conversation,
	) (conversations.Conversation, []conversations.Event, error),
) (saved conversations.Conversation, err error) {
	done, err := s.turns.acquire(ctx, token)
	if err != nil {
		return saved, err
	}
	defer done()
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.conversations.Modify(ctx, t, byToken(token),
			bson.D{{Key: "$inc", Value: bson.D{{Key: "version", Value: int64(1)}}}})
		if err != nil {
			return err
		}
		if err := version.Check(ctx, version.Of{ID: int64(stored.ID), Version: stored.Version - 1}); err != nil {
			return err
		}
		saved = stored // a caller needs its id even if change fails
		after, events, err := change(ctx, stored)
		if err != nil {
			return err
		}
		saved = after
		if err := s.write(ctx, stored, saved); err != nil {
			return err
		}
		return s.appendEvents(ctx, t, events)
	})
	return saved, err
}

// write stores the fields in which a conversation differs from its state before, its row counts and its bytes. New
// search terms are added to the stored ones, up to MaxTerms.
func (s *Store) write(ctx context.Context, before, after conversations.Conversation) error {
	t, known := before.WebsiteID, len(before.Terms)
	fresh := after.Terms[known:]
	before.Terms, after.Terms = nil, nil // they are only ever added to
	update, err := mongokit.Changes(before, after)
	if err != nil {
		return err
	}
	if len(fresh) > 0 && known < conversations.MaxTerms {
		update = append(update,
			bson.E{Key: "$addToSet", Value: bson.D{{Key: "terms", Value: bson.D{{Key: "$each", Value: fresh}}}}})
	}
	if len(update) > 0 {
		if _, err := s.conversations.Update(ctx, t, bson.D{{Key: "_id", Value: before.ID}}, update); err != nil {
			return err
		}
	}
	if err := s.counts.Move(ctx, t, keyOf(before), keyOf(after)); err != nil {
		return err
	}
	return s.texts.Resize(ctx, t, before.Bytes, after.Bytes)
}

func (s *Store) appendEvents(ctx context.Context, t tenant.ID, events []conversations.Event) error {
	for _, e := range events {
		key := int64(outbox.Many)
		if e.Conversation != nil {
			key = int64(*e.Conversation)
		}
		var err error
		if e.Visitor != nil {
			err = s.log.AppendAbout(ctx, t, *e.Visitor, key, e.Data)
		} else {
			err = s.log.Append(ctx, t, key, e.Data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ImportedKeys implements conversations.Store.
func (s *Store) ImportedKeys(ctx context.Context, t tenant.ID, keys []string) (map[string]bool, error) {
	rows, err := s.conversations.List(ctx, t, bson.D{{Key: "importKey", Value: bson.D{{Key: "$in", Value: keys}}}},
		mongokit.Query{Only: []string{"importKey"}})
	there := make(map[string]bool, len(keys))
	for _, c := range rows {
		there[c.ImportKey] = true
	}
	return there, err
}

// Import implements conversations.Store.
func (s *Store) Import(
	ctx context.Context, t tenant.ID, cs []conversations.Conversation, ms []conversations.Message, e conversations.Event,
) error {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.conversations.Insert(ctx, t, cs...); err != nil {
			return err
		}
		if err := s.messages.Insert(ctx, t, ms...); err != nil {
			return err
		}
		if err := s.counts.AddAll(ctx, t, keysOf(cs)); err != nil {
			return err
		}
		if err := s.texts.Add(ctx, t, bytesOf(cs)...); err != nil {
			return err
		}
		return s.appendEvents(ctx, t, []conversations.Event{e})
	})
	if mongokit.IsDuplicate(err) {
		return fault.Wrap(fault.Conflict, "another import stored one of these rows", err)
	}
	return err
}
