package conversations

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// The bounds of an import.
const (
	MaxImportRows = 200 // rows in one request
	maxKey        = 200 // bytes
	maxTurns      = 2_000
)

// Row is a conversation from another system. Key is its id there: a key is imported once, later rows with it are
// ignored.
type Row struct {
	Key    string
	Topics []string // become tags
	Turns  []Turn
}

// Turn is one message of a Row.
type Turn struct {
	From string // "visitor" or "agent"
	Text string
}

// Rows are the rows of one import.
type Rows []Row

// Validate returns an Invalid fault that lists every wrong field, as rows.N.field.
func (rows Rows) Validate() error {
	var wrong fault.Problems
	wrong.Check(len(rows) >= 1 && len(rows) <= MaxImportRows, "rows", fmt.Sprintf("must be 1 to %d rows", MaxImportRows))
	for i, r := range rows {
		r.check(fmt.Sprintf("rows.%d.", i), &wrong)
		if len(wrong) > 20 {
			break // enough for the caller to see the mistake
		}
	}
	return wrong.Err()
}

func (r Row) check(at string, wrong *fault.Problems) {
	wrong.Check(strings.TrimSpace(r.Key) != "" && len(r.Key) <= maxKey, at+"key", "must be 1 to 200 bytes")
	wrong.Check(len(r.Topics) <= MaxTags, at+"topics", "must be at most 20")
	for j, topic := range r.Topics {
		wrong.Check(validTag(topic), fmt.Sprintf("%stopics.%d", at, j), "must be 1 to 64 bytes")
	}
	wrong.Check(len(r.Turns) >= 1 && len(r.Turns) <= maxTurns, at+"turns", "must be 1 to 2000 turns")
	for j, t := range r.Turns {
		where := fmt.Sprintf("%sturns.%d.", at, j)
		wrong.Check(t.From == "visitor" || t.From == "agent", where+"from", "must be visitor or agent")
		wrong.Check(strings.TrimSpace(t.Text) != "" && utf8.ValidString(t.Text) && len(t.Text) <= MaxContent, where+"text",
			"must be 1 to 65536 bytes of text")
	}
}

// build creates the conversation of a row, which is closed, and its messages. Rows have no times, so everything gets
// the time of the import.
func (r Row) build(
	number id.Conversation, t tenant.ID, visitor id.Visitor, now time.Time,
) (Conversation, []Message, error) {
	c := newConversation(number, t, visitor, now)
	c.ImportKey, c.Tags = r.Key, distinct(r.Topics)
	messages := make([]Message, len(r.Turns))
	texts := make([]string, len(r.Turns))
	for i, turn := range r.Turns {
		d := Draft{Content: turn.Text}
		messages[i] = d.message(FromAgent, nil, now)
		if turn.From == "visitor" {
			messages[i] = d.message(FromVisitor, &visitor, now)
		}
		if _, err := c.addMessage(&messages[i]); err != nil {
			return c, nil, err
		}
		texts[i] = turn.Text
	}
	c.Terms, c.TermsVersion = searchterms.Of(MaxTerms, texts...), searchterms.Version
	c.setStatus(Closed, now)
	c.Unread = 0
	return c, messages, nil
}

// Sums are sums over conversations: those of one import, or those that were erased with their visitors.
type Sums struct {
	Conversations   int64   `bson:"conversations"`
	Open            int64   `bson:"-"`
	Messages        int64   `bson:"messages"`
	Answered        int64   `bson:"answered"`
	ResponseSeconds float64 `bson:"responseSeconds"`
}

// Add adds a conversation to the sums.
func (s *Sums) Add(c Conversation) {
	s.Conversations++
	s.Messages += c.Messages
	if c.Status == Open {
		s.Open++
	}
	if d, ok := c.FirstResponse(); ok {
		s.Answered++
		s.ResponseSeconds += d.Seconds()
	}
}

// Import stores the rows whose keys haven't been imported yet. It returns how many it stored and how many existed
// before.
func (s *Service) Import(ctx context.Context, t tenant.ID, rows Rows) (imported, existing int, err error) {
	if err := rows.Validate(); err != nil {
		return 0, 0, err
	}
	// A Conflict means that another import has stored some of these rows in the meantime: check the keys again.
	for range 3 {
		imported, err = s.importNew(ctx, t, rows)
		if !fault.Is(err, fault.Conflict) {
			break
		}
	}
	return imported, len(rows) - imported, err
}

func (s *Service) importNew(ctx context.Context, t tenant.ID, rows Rows) (int, error) {
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	there, err := s.store.ImportedKeys(ctx, t, keys)
	if err != nil {
		return 0, err
	}
	var fresh []Row
	keys = keys[:0]
	for _, r := range rows {
		if !there[r.Key] {
			there[r.Key] = true // also drops a key that occurs twice in the request
			fresh, keys = append(fresh, r), append(keys, r.Key)
		}
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	visitors, err := s.visitors.ImportVisitors(ctx, t, keys)
	if err != nil {
		return 0, err
	}
	first, err := s.store.NextID(ctx, int64(len(fresh)))
	if err != nil {
		return 0, err
	}
	now := s.now()
	var sums Sums
	conversations := make([]Conversation, len(fresh))
	var messages []Message
	for i, r := range fresh {
		c, ms, err := r.build(first+id.Conversation(i), t, visitors[i], now)
		if err != nil {
			return 0, err
		}
		conversations[i], messages = c, append(messages, ms...)
		sums.Add(c)
	}
	return len(fresh), s.store.Import(ctx, t, conversations, messages, importedEvent(sums, conversations))
}
