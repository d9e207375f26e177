package conversations

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/tenant"
)

// Digest is a short description of a conversation: a summary and tags.
type Digest struct {
	Summary string   // "" if there is none
	Tags    []string // names of the website's catalogue
}

// MaxSummary is the maximum length of a summary in bytes.
const MaxSummary = maxSummary

// MaxDigestTags is the maximum number of tags in a Digest.
const MaxDigestTags = 5

// digested is how many messages are read for a digest: the first ones, because people state their topic at the
// beginning.
const digested = 400

// Digest sets the summary and the tags of a closed conversation if agents have left them empty. It is safe to repeat:
// existing values are never overwritten.
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
	_, err = s.store.Save(ctx, t, token, func(c Conversation) (Conversation, []Event, error) {
		if !c.accept(d, catalogue) {
			return c, nil, nil
		}
		c.UpdatedAt = s.now()
		return c, []Event{updated(&c, c.Status)}, nil
	})
	return err
}

func (c *Conversation) wantsDigest() bool {
	return c.Status == Closed && c.Folder != Spam && (c.Summary == nil || len(c.Tags) == 0)
}

// accept copies the digest into the fields that are empty and reports whether anything changed. It doesn't trust the
// assistant: the summary is reduced to Plain text, and only tags of the website's catalogue are used.
func (c *Conversation) accept(d Digest, catalogue Catalogue) bool {
	if !c.wantsDigest() { // reopened, or filled in by an agent, while the assistant worked
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

// Plain removes unreadable characters from a text: control characters, zero-width characters, and characters that
// change the direction of the text that follows. It keeps the joiners that Persian words and emoji need. White space
// other than a line break becomes a space.
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
