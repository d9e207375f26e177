package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/conversations"
)

// readToField has the positions of agents.
const readToField = "readTo"

// MarkRead implements conversations.Store.
func (s *Store) MarkRead(
	ctx context.Context, t tenant.ID, conversation id.Conversation, r conversations.Reading,
	newEvent func([]id.Message) conversations.Event,
) (moved bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		unread, err := s.messages.List(ctx, t,
			bson.D{
				{Key: "conversationId", Value: conversation},
				{Key: "senderType", Value: r.Writer},
				{Key: "readAt", Value: nil},
			},
			mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Only: []string{"_id"}})
		if err != nil {
			return err
		}
		var position bson.D
		if position, err = s.position(ctx, t, conversation, r.Reader); err != nil {
			return err
		}
		moved = len(position) > 0
		switch {
		case len(unread) > 0:
			return s.markRead(ctx, t, conversation, r, unread, position, newEvent)
		case moved:
			_, err = s.conversations.Update(ctx, t, bson.D{{Key: "_id", Value: conversation}}, position)
		}
		return err
	})
	return moved, err
}

// position returns the update that moves a reader's position to the last message, or nil if it is there. It runs inside
// a transaction, so a message that is posted at the same time stays unread.
func (s *Store) position(
	ctx context.Context, t tenant.ID, conversation id.Conversation, reader id.User,
) (update bson.D, err error) {
	if reader == 0 {
		return nil, nil
	}
	c, err := s.conversations.Get(ctx, t, bson.D{{Key: "_id", Value: conversation}})
	if err != nil {
		return nil, err
	}
	moves, dropped := c.NextReader(reader)
	if !moves {
		return nil, nil
	}
	at := readToField + "." + conversations.ReaderKey(reader)
	update = bson.D{{Key: "$max", Value: bson.D{{Key: at, Value: c.Heard}}}}
	if dropped != "" {
		update = append(update, bson.E{Key: "$unset", Value: bson.D{{Key: readToField + "." + dropped, Value: ""}}})
	}
	return update, nil
}

// markRead marks messages as read, and stores the event of it.
func (s *Store) markRead(
	ctx context.Context, t tenant.ID, conversation id.Conversation, r conversations.Reading,
	unread []conversations.Message, position bson.D, newEvent func([]id.Message) conversations.Event,
) error {
	ids := make([]id.Message, len(unread))
	for i, m := range unread {
		ids[i] = m.ID
	}
	if _, err := s.messages.UpdateAll(ctx, t, among("_id", ids),
		bson.D{{Key: "$set", Value: bson.D{{Key: "readAt", Value: r.At}, {Key: "updatedAt", Value: r.At}}}}); err != nil {
		return err
	}
	update := advance(0)
	if r.Writer == conversations.FromVisitor {
		update = append(update, bson.E{Key: "$set", Value: bson.D{{Key: "unread", Value: int64(0)}}})
	}
	c, err := s.conversations.Modify(ctx, t, bson.D{{Key: "_id", Value: conversation}}, merged(update, position))
	if err != nil {
		return err
	}
	order, err := s.order(ctx, c)
	if err != nil {
		return err
	}
	if order.At != c.EventAt {
		if _, err := s.conversations.Update(ctx, t, bson.D{{Key: "_id", Value: conversation}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "eventAt", Value: order.At}}}}); err != nil {
			return err
		}
	}
	return s.appendEvents(ctx, t, order, []conversations.Event{newEvent(ids)})
}

// merged returns the update that makes the changes of both, which are of different fields.
func merged(update, more bson.D) bson.D {
	for _, e := range more {
		known := false
		for i := range update {
			if update[i].Key == e.Key {
				update[i].Value, known = append(update[i].Value.(bson.D), e.Value.(bson.D)...), true
			}
		}
		if !known {
			update = append(update, e)
		}
	}
	return update
}

// DeleteReader implements conversations.Store. It reads all conversations of the website: users seldom leave.
func (s *Store) DeleteReader(ctx context.Context, t tenant.ID, user id.User) error {
	at := readToField + "." + conversations.ReaderKey(user)
	_, err := s.conversations.UpdateAll(ctx, t, bson.D{{Key: at, Value: bson.D{{Key: "$exists", Value: true}}}},
		bson.D{{Key: "$unset", Value: bson.D{{Key: at, Value: ""}}}})
	return err
}
