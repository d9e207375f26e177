package mongostore

import (
	"context"
	"fmt"
	"time"

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
	c.Terms, c.TermsVersion = searchterms.Of(conversations.MaxTerms, m.Content), searchterms.Version
	order := outbox.NewOrder()
	c.EventAt, c.EventSeq = order.At, order.Seq
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
		return s.appendEvents(ctx, c.WebsiteID, order, evs)
	})
	if c.OpenKey == "" || !mongokit.IsDuplicate(err) {
		return c, m, true, err
	}
	c, err = s.conversations.Get(ctx, c.WebsiteID,
		bson.D{{Key: "visitorId", Value: c.VisitorID}, {Key: "openKey", Value: c.OpenKey}})
	if err != nil {
		return c, m, false, err
	}
	m, err = s.ByClientID(ctx, c.WebsiteID, c.ID, m.ClientID)
	if fault.Is(err, fault.NotFound) { // another message has opened it
		m, err = conversations.Message{}, nil
	}
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
	e := &expected{m, searchterms.Of(conversations.MaxTerms, m.Content)}
	c, err := s.save(ctx, t, token, e,
		func(
			ctx context.Context, c conversations.Conversation,
		) (conversations.Conversation, []conversations.Event, error) {
			var events []conversations.Event
			var err error
			if c, posted, events, err = change(c, m); err != nil {
				return c, nil, err
			}
			return c, events, s.messages.Insert(ctx, t, posted)
		})
	if m.ClientID != "" && mongokit.IsDuplicate(err) {
		posted, err = s.ByClientID(ctx, t, c.ID, m.ClientID)
		return posted, false, err
	}
	return posted, true, err
}

// ByClientID implements conversations.Store.
func (s *Store) ByClientID(
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
	return s.save(ctx, t, token, nil,
		func(
			_ context.Context, c conversations.Conversation,
		) (conversations.Conversation, []conversations.Event, error) {
			return change(c)
		})
}

// expected is what a message changes in its conversation, unless it is the first of its side or reopens it. save writes
// it together with the lock, so that it needs one command for the conversation instead of two.
type expected struct {
	message conversations.Message
	terms   []string
}

// fullTerms is the field that exists if a conversation has as many terms as are stored.
var fullTerms = fmt.Sprintf("%s.%d", termsField, conversations.MaxTerms-1)

// update returns the update that also locks the conversation.
func (e expected) update() bson.D {
	typing := "agentTypingTo"
	if e.message.SenderType == conversations.FromVisitor {
		typing = "visitorTypingTo"
	}
	sums := bson.D{
		{Key: "version", Value: int64(1)},
		{Key: "messages", Value: int64(1)},
		{Key: "bytes", Value: int64(len(e.message.Content))},
		{Key: "eventSeq", Value: int64(1)},
	}
	var waiting bson.E
	if e.message.SenderType == conversations.FromVisitor {
		sums = append(sums, bson.E{Key: "unread", Value: int64(1)}, bson.E{Key: "heard", Value: int64(1)})
		waiting = bson.E{Key: "$min", Value: bson.D{{Key: "waitingSince", Value: e.message.CreatedAt}}}
	} else {
		waiting = bson.E{Key: "$unset", Value: bson.D{{Key: "waitingSince", Value: ""}}}
	}
	u := bson.D{
		{Key: "$inc", Value: sums},
		waiting,
		{Key: "$max", Value: bson.D{
			{Key: "updatedAt", Value: e.message.CreatedAt},
			{Key: "eventAt", Value: time.Now().UnixMilli()},
		}},
		{Key: "$set", Value: bson.D{{Key: typing, Value: time.Time{}}, {Key: "last", Value: e.message.Excerpt()}}},
	}
	if len(e.terms) > 0 {
		u = append(u, bson.E{Key: "$addToSet", Value: bson.D{
			{Key: termsField, Value: bson.D{{Key: "$each", Value: e.terms}}},
		}})
	}
	return u
}

// newestTerms returns the update that adds the message's terms in place of the oldest ones. Some may be there twice.
func (e expected) newestTerms() bson.E {
	return bson.E{Key: "$push", Value: bson.D{{Key: termsField, Value: bson.D{
		{Key: "$each", Value: e.terms}, {Key: "$slice", Value: -conversations.MaxTerms},
	}}}}
}

// lock writes the conversation, which serialises its changes. It returns the conversation as it is stored now, and as
// it was before e; both have the new version. e is nil if nothing is expected. In a conversation with MaxTerms, new
// terms replace the oldest ones, and in one that is snoozed or spam, a message has other effects. So lock doesn't
// expect a message's changes there.
func (s *Store) lock(
	ctx context.Context, t tenant.ID, token string, e *expected,
) (stored, before conversations.Conversation, err error) {
	if e != nil {
		absent := bson.D{{Key: "$exists", Value: false}}
		filter := append(byToken(token), bson.E{Key: fullTerms, Value: absent}, bson.E{Key: "folder", Value: absent})
		stored, err = s.conversations.Modify(ctx, t, filter, e.update())
		if !fault.Is(err, fault.NotFound) {
			before = stored
			before.Messages--
			before.Bytes -= int64(len(e.message.Content))
			if e.message.SenderType == conversations.FromVisitor {
				before.Unread--
				before.Heard--
			}
			return stored, before, err
		}
	}
	update := advance(1)
	if e != nil && len(e.terms) > 0 {
		update = append(update, e.newestTerms())
	}
	stored, err = s.conversations.Modify(ctx, t, byToken(token), update)
	return stored, stored, err
}

// advance returns the update that advances the order of a conversation's events, and its version by n.
func advance(n int64) bson.D {
	return bson.D{
		{Key: "$inc", Value: bson.D{{Key: "version", Value: n}, {Key: "eventSeq", Value: int64(1)}}},
		{Key: "$max", Value: bson.D{{Key: "eventAt", Value: time.Now().UnixMilli()}}},
	}
}

// order returns the order of a conversation's events after it was advanced.
func (s *Store) order(ctx context.Context, c conversations.Conversation) (outbox.Order, error) {
	return s.log.OrderOf(ctx, c.WebsiteID, int64(c.ID), outbox.Order{At: c.EventAt, Seq: c.EventSeq})
}

// save locks the conversation by writing it, lets change change it, and stores the fields that differ and the events.
// e is nil, or the change that is expected.
func (s *Store) save(
	ctx context.Context, t tenant.ID, token string, e *expected,
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
		saved, err = s.saveIn(ctx, t, token, e, change)
		return err
	})
	return saved, err
}

// saveIn is save in the transaction of ctx. It returns the conversation also if change fails: a caller needs its id.
func (s *Store) saveIn(
	ctx context.Context, t tenant.ID, token string, e *expected,
	change func(
		context.Context, conversations.Conversation,
	) (conversations.Conversation, []conversations.Event, error),
) (conversations.Conversation, error) {
	stored, before, err := s.lock(ctx, t, token, e)
	if err != nil {
		return stored, err
	}
	if err := version.Check(ctx, version.Of{ID: int64(stored.ID), Version: stored.Version - 1}); err != nil {
		return stored, err
	}
	after, events, err := change(ctx, before)
	if err != nil {
		return stored, err
	}
	order, err := s.order(ctx, stored)
	if err != nil {
		return stored, err
	}
	after.EventAt = order.At
	if err := s.conversations.Save(ctx, t, bson.D{{Key: "_id", Value: stored.ID}}, stored, after); err != nil {
		return after, err
	}
	if err := s.counts.Move(ctx, t, keyOf(before), keyOf(after)); err != nil {
		return after, err
	}
	if err := s.texts.Resize(ctx, t, before.Texts(), after.Texts()); err != nil {
		return after, err
	}
	return after, s.appendEvents(ctx, t, order, events)
}

// appendEvents appends the events of a transaction. It has advanced the order of its conversation's events, or order is
// zero.
func (s *Store) appendEvents(
	ctx context.Context, t tenant.ID, order outbox.Order, events []conversations.Event,
) (err error) {
	for i, e := range events {
		key := int64(outbox.Many)
		if e.Conversation != nil {
			key = int64(*e.Conversation)
		}
		switch {
		case e.Conversation != nil && order.Seq > 0:
			err = s.log.AppendOrdered(ctx, t, e.Visitor, key, order, i, e.Data)
		case e.Visitor != nil:
			err = s.log.AppendAbout(ctx, t, *e.Visitor, key, e.Data)
		default:
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
		return s.appendEvents(ctx, t, outbox.Order{}, []conversations.Event{e})
	})
	if mongokit.IsDuplicate(err) {
		return fault.Wrap(fault.Conflict, "another import stored one of these rows", err)
	}
	return err
}
