package conversations

import (
	"context"

	"fivechat.dev/libs/tenant"
)

// Digest is what a conversation was about.
type Digest struct {
	Summary string   // "" where there is nothing to say
	Tags    []string // names of the website's catalogue
}

// MaxSummary is the longest summary in bytes.
const MaxSummary = maxSummary

// MaxDigestTags is how many tags a Digest gives at most.
const MaxDigestTags = 5

// Digest fills in what a closed conversation was about, where agents have left it empty. It may be called again: what
// is there stays.
func (s *Service) Digest(ctx context.Context, t tenant.ID, token string) error {
	c, err := s.store.Get(ctx, t, token)
	if err != nil || !c.wantsDigest() {
		return err
	}
	messages, err := s.store.Messages(ctx, t, c.ID, 0, MaxMessages)
	if err != nil {
		return err
	}
	catalogue, err := s.Catalogue(ctx, t)
	if err != nil {
		return err
	}
	d, err := s.assistant.Digest(ctx, messages, catalogue)
	if err != nil || d.Summary == "" && len(d.Tags) == 0 {
		return err
	}
	_, err = s.store.Change(ctx, t, token, func(c *Conversation) ([]Event, error) {
		if !c.accept(d, catalogue) {
			return nil, nil
		}
		c.UpdatedAt = s.now()
		return []Event{updated(c, c.Status)}, nil
	})
	return err
}

func (c *Conversation) wantsDigest() bool {
	return c.Status == Closed && (c.Summary == nil || len(c.Tags) == 0)
}

// accept takes over what is empty, and says whether anything changed. Whoever made the digest, only what the website's
// catalogue has becomes a tag.
func (c *Conversation) accept(d Digest, catalogue Catalogue) bool {
	if !c.wantsDigest() { // it was opened again meanwhile, or an agent was quicker
		return false
	}
	changed := false
	if c.Summary == nil && d.Summary != "" && len(d.Summary) <= maxSummary {
		c.Summary, changed = &d.Summary, true
	}
	if len(c.Tags) > 0 {
		return changed
	}
	for _, name := range distinct(d.Tags) {
		if _, known := catalogue[name]; known && len(c.Tags) < MaxDigestTags {
			c.Tags, changed = append(c.Tags, name), true
		}
	}
	return changed
}
