package mongostore

import (
	"cmp"
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
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
	change func(*conversations.Conversation, *conversations.Message) ([]conversations.Event, error),
) (conversations.Message, bool, error) {
	var posted conversations.Message
	c, err := s.change(ctx, t, token,
		func(ctx context.Context, c *conversations.Conversation) ([]conversations.Event, error) {
			posted = m
			evs, err := change(c, &posted)
			if err != nil {
				return nil, err
			}
			c.Terms = append(c.Terms, searchterms.Of(conversations.MaxTerms, m.Content)...)
			return evs, s.messages.Insert(ctx, t, posted)
		})
	if m.ClientID != "" && mongokit.IsDuplicate(err) {
		posted, err = s.byClientID(ctx, t, c.ID, m.ClientID)
		return posted, false, err
	}
	return posted, true, err
}

func (s *Store) byClientID(
	ctx context.Context, t tenant.ID, conversationID int64, clientID string,
) (conversations.Message, error) {
	return s.messages.Get(ctx, t,
		bson.D{{Key: "conversationId", Value: conversationID}, {Key: "clientMessageId", Value: clientID}})
}

// Change implements conversations.Store.
func (s *Store) Change(
	ctx context.Context, t tenant.ID, token string,
	change func(*conversations.Conversation) ([]conversations.Event, error),
) (conversations.Conversation, error) {
	return s.change(ctx, t, token, func(_ context.Context, c *conversations.Conversation) ([]conversations.Event, error) {
		return change(c)
	})
}

// change locks the conversation by writing it, lets fn change it, and stores the changed fields and the events.
func (s *Store) change(
	ctx context.Context, t tenant.ID, token string,
	fn func(context.Context, *conversations.Conversation) ([]conversations.Event, error),
) (c conversations.Conversation, err error) {
	done, err := s.turns.acquire(ctx, token)
	if err != nil {
		return c, err
	}
	defer done()
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		if c, err = s.conversations.Modify(ctx, t, byToken(token),
			bson.D{{Key: "$inc", Value: bson.D{{Key: "version", Value: int64(1)}}}}); err != nil {
			return err
		}
		if err := version.Check(ctx, version.Of{ID: c.ID, Version: c.Version - 1}); err != nil {
			return err
		}
		known, before, bytes := len(c.Terms), keyOf(c), c.Bytes
		evs, err := fn(ctx, &c)
		if err != nil {
			return err
		}
		update := bson.D{{Key: "$set", Value: mutable(c)}}
		if fresh := c.Terms[known:]; len(fresh) > 0 && known < conversations.MaxTerms {
			update = append(update,
				bson.E{Key: "$addToSet", Value: bson.D{{Key: "terms", Value: bson.D{{Key: "$each", Value: fresh}}}}})
		}
		if _, err := s.conversations.Update(ctx, t, bson.D{{Key: "_id", Value: c.ID}}, update); err != nil {
			return err
		}
		if err := s.counts.Move(ctx, t, before, keyOf(c)); err != nil {
			return err
		}
		if err := s.texts.Resize(ctx, t, bytes, c.Bytes); err != nil {
			return err
		}
		return s.appendEvents(ctx, t, evs)
	})
	return c, err
}

// mutable returns the fields that a change may set.
func mutable(c conversations.Conversation) bson.D {
	return bson.D{
		{Key: "status", Value: c.Status}, {Key: "assigneeId", Value: c.AssigneeID}, {Key: "rating", Value: c.Rating},
		{Key: "feedback", Value: c.Feedback}, {Key: "ratedAt", Value: c.RatedAt}, {Key: "ratedFor", Value: c.RatedFor},
		{Key: "summary", Value: c.Summary}, {Key: "tags", Value: c.Tags},
		{Key: "updatedAt", Value: c.UpdatedAt}, {Key: "closedAt", Value: c.ClosedAt}, {Key: "messages", Value: c.Messages},
		{Key: "bytes", Value: c.Bytes},
		{Key: "firstVisitorAt", Value: c.FirstVisitorAt}, {Key: "firstAgentAt", Value: c.FirstAgentAt},
		{Key: "visitorTypingTo", Value: c.VisitorTypingTo}, {Key: "agentTypingTo", Value: c.AgentTypingTo},
	}
}

func (s *Store) appendEvents(ctx context.Context, t tenant.ID, evs []conversations.Event) error {
	for _, e := range evs {
		if err := s.log.AppendAbout(ctx, t, e.VisitorID, cmp.Or(e.Key, outbox.Many), e.Data); err != nil {
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
