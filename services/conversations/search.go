package conversations

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// list is List for a filter whose search is read.
func (s *Service) list(
	ctx context.Context, t tenant.ID, f Filter, w paging.Following,
) (paging.Slice[Conversation], error) {
	f.Now = s.now()
	find := func(q searchquery.Query, w paging.Following) (paging.Slice[Conversation], error) {
		f.Query = q
		return s.store.List(ctx, t, f, w)
	}
	return searchquery.List(f.Query, w, find, func(c Conversation, missing searchquery.Missing) (bool, error) {
		return s.hasPhrases(ctx, c, missing)
	})
}

func (s *Service) hasPhrases(ctx context.Context, c Conversation, missing searchquery.Missing) (bool, error) {
	return searchquery.ReadPages(missing, func(after id.Message) ([]Message, bool, error) {
		return s.store.Messages(ctx, c.WebsiteID, c.ID, after, MaxMessages)
	}, func(m Message) (id.Message, string) { return m.ID, m.Content })
}

// IndexVisitors makes searches find the conversations of up to 100 visitors by the facts that are known about them now.
// Former names stay.
func (s *Service) IndexVisitors(ctx context.Context, t tenant.ID, ids []id.Visitor) error {
	if len(ids) == 0 {
		return nil
	}
	visitors, err := s.visitors.Visitors(ctx, t, ids)
	if err != nil {
		return err
	}
	for _, v := range visitors {
		if err := s.store.AddVisitorTerms(ctx, t, v.ID, VisitorTerms(v)); err != nil {
			return err
		}
	}
	return nil
}

// Reindex analyses up to limit conversations after a number again: those that were analysed by an older version, or
// all. It returns the number of the last one, and false if no further one exists.
func (s *Service) Reindex(ctx context.Context, after, limit int64, all bool) (last int64, more bool, err error) {
	rows, more, err := s.store.Analysed(ctx, id.Conversation(after), limit)
	if err != nil {
		return after, false, err
	}
	last = after
	for _, c := range rows {
		last = int64(c.ID)
		if !all && c.TermsVersion >= searchterms.Version {
			continue
		}
		if err := s.reindex(ctx, c); err != nil && !fault.Is(err, fault.NotFound) {
			return after, false, err
		}
	}
	return last, more, nil
}

// Newest returns the number of the newest conversation of all websites, 0 if there is none.
func (s *Service) Newest(ctx context.Context) (int64, error) { return s.store.Newest(ctx) }

// reindex replaces the terms of a conversation: those of its newest messages, and of its visitor.
func (s *Service) reindex(ctx context.Context, c Conversation) error {
	visitors, err := s.visitors.Visitors(ctx, c.WebsiteID, []id.Visitor{c.VisitorID})
	if err != nil {
		return err
	}
	var terms []string
	for _, v := range visitors {
		terms = VisitorTerms(v)
	}
	for tries := 0; ; tries++ {
		of, err := s.termsOf(ctx, c)
		if err != nil {
			return err
		}
		// A message that was posted meanwhile has changed the number of messages.
		done, err := s.store.SetTerms(ctx, c, append(of, terms...))
		if err != nil || tries == maxReindexTries {
			return err
		}
		if done { // the visitor may have changed meanwhile
			return s.IndexVisitors(ctx, c.WebsiteID, []id.Visitor{c.VisitorID})
		}
		if c, err = s.store.Get(ctx, c.WebsiteID, c.Token); err != nil {
			return err
		}
	}
}

// maxReindexTries bounds the attempts to analyse a conversation in which messages are being posted.
const maxReindexTries = 5

// termsOf returns the terms of a conversation's messages, oldest first; if it has more than MaxTerms, those of the
// newest.
func (s *Service) termsOf(ctx context.Context, c Conversation) ([]string, error) {
	var terms []string
	var after id.Message
	for {
		messages, more, err := s.store.Messages(ctx, c.WebsiteID, c.ID, after, MaxMessages)
		if err != nil {
			return nil, err
		}
		texts := make([]string, len(messages))
		for i, m := range messages {
			texts[i], after = m.Content, m.ID
		}
		known := map[string]bool{}
		for _, t := range terms {
			known[t] = true
		}
		for _, t := range searchterms.Of(0, texts...) {
			if !known[t] {
				terms = append(terms, t)
			}
		}
		terms = terms[max(0, len(terms)-MaxTerms):]
		if !more || len(messages) == 0 {
			return terms, nil
		}
	}
}
