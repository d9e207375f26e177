package conversations

import (
	"context"
	"errors"
	"strings"
	"sync"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// The bounds of snippets.
const (
	snippetMessages = 50  // newest messages of a conversation that are searched for one
	snippetBytes    = 240 // of the text
	snippetBefore   = 60  // bytes of the text before the first match
	snippetMarks    = 20
	snippetReaders  = 8 // conversations that are read at a time
)

// Snippet is the part of a message that a search has found.
type Snippet struct {
	MessageID id.Message
	Text      string
	Marks     [][2]int // the matching words, as offsets in characters: begin and end
}

// snippets returns the newest match in each conversation, or nil where it isn't in the newest messages.
func (s *Service) snippets(
	ctx context.Context, t tenant.ID, q searchquery.Query, cs []Conversation,
) ([]*Snippet, error) {
	found := make([]*Snippet, len(cs))
	errs := make([]error, snippetReaders)
	var readers sync.WaitGroup
	for r := range snippetReaders {
		readers.Go(func() {
			for i := r; i < len(cs) && errs[r] == nil; i += snippetReaders {
				found[i], errs[r] = s.snippet(ctx, t, q, cs[i].ID)
			}
		})
	}
	readers.Wait()
	return found, errors.Join(errs...)
}

func (s *Service) snippet(
	ctx context.Context, t tenant.ID, q searchquery.Query, c id.Conversation,
) (*Snippet, error) {
	messages, err := s.store.NewestMessages(ctx, t, c, snippetMessages)
	for _, m := range messages {
		if found := snippetOf(m, q.Clauses); found != nil {
			return found, err
		}
	}
	return nil, err
}

// snippetOf returns the part of a message around its first match, or nil without one.
func snippetOf(m Message, clauses []searchterms.Clause) *Snippet {
	marks := searchterms.Marks(m.Content, clauses, snippetMarks)
	if len(marks) == 0 {
		return nil
	}
	begin := max(0, marks[0][0]-snippetBefore)
	if blank := strings.IndexAny(m.Content[begin:marks[0][0]], " \n\t"); begin > 0 && blank >= 0 {
		begin += blank + 1
	}
	for begin > 0 && !utf8.RuneStart(m.Content[begin]) {
		begin++
	}
	end := min(len(m.Content), begin+snippetBytes)
	for end < len(m.Content) && !utf8.RuneStart(m.Content[end]) {
		end--
	}
	text := m.Content[begin:end]
	snippet := &Snippet{MessageID: m.ID, Text: text}
	for _, mark := range marks {
		if mark[1] > end {
			break
		}
		from := utf8.RuneCountInString(text[:mark[0]-begin])
		length := utf8.RuneCountInString(text[mark[0]-begin : mark[1]-begin])
		snippet.Marks = append(snippet.Marks, [2]int{from, from + length})
	}
	return snippet
}
