package conversations

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/tenant"
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

// digested is how many messages are read for a digest: the first ones, where a conversation says what it is about.
const digested = 400

// Digest fills in what a closed conversation was about, where agents have left it empty. It may be called again: what
// is there stays.
func (s *Service) Digest(ctx context.Context, t tenant.ID, token string) error {
	c, err := s.store.Get(ctx, t, token)
	if err != nil || !c.wantsDigest() {
		return err
	}
	messages, _, err := s.store.Messages(ctx, t, c.ID, 0, digested)
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

// accept takes over what is empty, and says whether anything changed. Whoever made the digest, a summary is Plain and
// only what the website's catalogue has becomes a tag.
func (c *Conversation) accept(d Digest, catalogue Catalogue) bool {
	if !c.wantsDigest() { // it was opened again meanwhile, or an agent was quicker
		return false
	}
	changed := false
	if summary := strings.TrimSpace(Plain(d.Summary)); c.Summary == nil && summary != "" && len(summary) <= maxSummary {
		c.Summary, changed = &summary, true
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

// Plain leaves out of a text what cannot be read: control characters, those without a width, and those that change the
// direction of what follows. The joiners stay, which Persian words and emoji are made with. Other space than a line
// break becomes a blank.
func Plain(text string) string {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == nonJoiner || r == joiner:
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
}
