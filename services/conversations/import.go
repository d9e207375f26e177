package conversations

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// The bounds of an import.
const (
	MaxImportRows = 200 // rows in one request
	maxKey        = 200 // bytes
	maxTurns      = 2_000
)

// Row is a conversation that took place elsewhere. Key is its id there: a key that has been imported is left alone.
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

// CheckRows gives an Invalid fault that names every member that is wrong, as rows.N.member.
func CheckRows(rows []Row) error {
	var wrong fault.Problems
	wrong.Check(len(rows) >= 1 && len(rows) <= MaxImportRows, "rows", fmt.Sprintf("must be 1 to %d rows", MaxImportRows))
	for i, r := range rows {
		r.check(fmt.Sprintf("rows.%d.", i), &wrong)
		if len(wrong) > 20 {
			break // enough to see what is wrong
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
		wrong.Check(strings.TrimSpace(t.Text) != "" && utf8.ValidString(t.Text) && len(t.Text) <= MaxContent, where+"text", "must be 1 to 65536 bytes of text")
	}
}

// build makes the conversation of a row, closed as it is over, and its messages. The rows carry no times: all of it
// happened at the import.
func (r Row) build(id int64, t tenant.ID, visitorID int64, now time.Time) (Conversation, []Message, error) {
	c := newConversation(id, t, visitorID, now)
	c.ImportKey, c.Tags = r.Key, distinct(r.Topics)
	messages := make([]Message, len(r.Turns))
	texts := make([]string, len(r.Turns))
	for i, turn := range r.Turns {
		d := Draft{Content: turn.Text}
		messages[i] = d.message(FromAgent, nil, now)
		if turn.From == "visitor" {
			messages[i] = d.message(FromVisitor, &visitorID, now)
		}
		if _, err := c.take(&messages[i]); err != nil {
			return c, nil, err
		}
		texts[i] = turn.Text
	}
	c.Terms = searchterms.Of(MaxTerms, texts...)
	c.setStatus(Closed, now)
	return c, messages, nil
}

// Add counts a conversation into the sums.
func (e *Imported) Add(c Conversation) {
	e.Conversations++
	e.Messages += c.Messages
	if c.Status == Open {
		e.Open++
	}
	if d, ok := c.FirstResponse(); ok {
		e.Answered++
		e.ResponseSeconds += d.Seconds()
	}
}
