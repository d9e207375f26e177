package conversations

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/visitorcontext"
)

// The bounds of an import.
const (
	MaxImportRows   = 200 // rows in one request
	MaxImportAgents = 100 // different addresses of agents in one request
	maxKey          = 200 // bytes
	maxTurns        = 2_000
	maxEmail        = 254 // bytes of an address
	maxVisitorName  = 100 // characters
)

// Row is a conversation from another system. Key is its id there: a key is imported once, later rows with it are
// ignored.
type Row struct {
	Key      string
	Topics   []string // become tags
	Visitor  *ImportVisitor
	Status   Status     // "" is Closed
	ClosedAt *time.Time // if nil, a closed conversation has the time of its last turn
	Assignee string     // e-mail address of an agent; one that no agent has leaves the conversation unassigned
	Summary  *string
	Rating   *ImportRating
	Turns    []Turn
}

// ImportRating is the rating of a Row.
type ImportRating struct {
	Rating

	At *time.Time // if nil, it is the time of the end
}

// ImportVisitor is the visitor of a Row. Rows with the same key have the same visitor; a row without one has a visitor
// of its own. Context has facts about them.
type ImportVisitor struct {
	Key     string
	Name    string // "" for a friendly one
	Context visitorcontext.Context
}

// Turn is one message of a Row.
type Turn struct {
	From  string // "visitor" or "agent"
	Text  string
	At    *time.Time // if nil, that of the turn above; if it has none, that of the first turn that has one
	Agent string     // e-mail address of the agent; one that no agent has leaves the message without an author
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
	wrong.Check(len(rows.agents()) <= MaxImportAgents, "rows", "must name at most 100 different agents")
	return wrong.Err()
}

// agents returns the addresses of agents that the rows name, each once.
func (rows Rows) agents() []string {
	var all []string
	for _, r := range rows {
		all = append(all, r.Assignee)
		for _, t := range r.Turns {
			all = append(all, t.Agent)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(address string) bool { return address == "" })
}

func (r Row) check(at string, wrong *fault.Problems) {
	wrong.Check(isKey(r.Key), at+"key", "must be 1 to 200 bytes")
	wrong.Check(len(r.Topics) <= MaxTags, at+"topics", "must be at most 20")
	for j, topic := range r.Topics {
		wrong.Check(validTag(topic), fmt.Sprintf("%stopics.%d", at, j), "must be 1 to 64 bytes")
	}
	if v := r.Visitor; v != nil {
		wrong.Check(isKey(v.Key), at+"visitor.key", "must be 1 to 200 bytes")
		wrong.Check(utf8.RuneCountInString(strings.TrimSpace(v.Name)) <= maxVisitorName, at+"visitor.name",
			"must be at most 100 characters")
		_, problem := visitorcontext.Merge(visitorcontext.Empty, v.Context)
		wrong.Check(problem == "", at+"visitor.context", problem)
	}
	wrong.Check(r.Status == "" || r.Status == Open || r.Status == Closed, at+"status", "must be OPEN or CLOSED")
	wrong.Check(r.ClosedAt == nil || r.Status != Open, at+"closedAt", "must be absent if the conversation is open")
	wrong.Check(r.ClosedAt == nil || !r.ClosedAt.Before(time.Unix(0, 0)), at+"closedAt", "must not be before 1970")
	wrong.Check(len(r.Assignee) <= maxEmail, at+"assignee", "must be at most 254 bytes")
	wrong.Check(r.Summary == nil || len(*r.Summary) <= maxSummary, at+"summary", "must be at most 4096 bytes")
	if r.Rating != nil {
		r.Rating.check(at+"rating.", wrong)
	}
	wrong.Check(len(r.Turns) >= 1 && len(r.Turns) <= maxTurns, at+"turns", "must be 1 to 2000 turns")
	r.checkTurns(at, wrong)
}

func (r ImportRating) check(at string, wrong *fault.Problems) {
	r.Rating.check(at+"stars", at+"feedback", wrong)
	wrong.Check(r.At == nil || !r.At.Before(time.Unix(0, 0)), at+"at", "must not be before 1970")
}

func (r Row) checkTurns(at string, wrong *fault.Problems) {
	var last *time.Time
	for j, t := range r.Turns {
		where := fmt.Sprintf("%sturns.%d.", at, j)
		wrong.Check(t.From == "visitor" || t.From == "agent", where+"from", "must be visitor or agent")
		wrong.Check(strings.TrimSpace(t.Text) != "" && utf8.ValidString(t.Text) && len(t.Text) <= MaxContent, where+"text",
			"must be 1 to 65536 bytes of text")
		wrong.Check(len(t.Agent) <= maxEmail, where+"agent", "must be at most 254 bytes")
		wrong.Check(t.Agent == "" || t.From == "agent", where+"agent", "must be absent in a visitor's turn")
		if t.At == nil {
			continue
		}
		wrong.Check(!t.At.Before(time.Unix(0, 0)), where+"at", "must not be before 1970")
		wrong.Check(last == nil || !t.At.Before(*last), where+"at", "must not be before a turn above")
		last = t.At
	}
}

// times returns the times of the turns, and false if none has one.
func (r Row) times() ([]time.Time, bool) {
	first := slices.IndexFunc(r.Turns, func(t Turn) bool { return t.At != nil })
	if first < 0 {
		return nil, false
	}
	times, last := make([]time.Time, len(r.Turns)), *r.Turns[first].At
	for i, t := range r.Turns {
		if t.At != nil {
			last = *t.At
		}
		times[i] = last
	}
	return times, true
}

// notAfter returns an Invalid fault if a time of the rows is after now.
func (rows Rows) notAfter(now time.Time) error {
	var wrong fault.Problems
	for i, r := range rows {
		for j, t := range r.Turns {
			wrong.Check(t.At == nil || !t.At.After(now), fmt.Sprintf("rows.%d.turns.%d.at", i, j), "must not be in the future")
		}
		wrong.Check(r.ClosedAt == nil || !r.ClosedAt.After(now), fmt.Sprintf("rows.%d.closedAt", i),
			"must not be in the future")
		wrong.Check(r.Rating == nil || r.Rating.At == nil || !r.Rating.At.After(now), fmt.Sprintf("rows.%d.rating.at", i),
			"must not be in the future")
	}
	return wrong.Err()
}

func isKey(key string) bool { return strings.TrimSpace(key) != "" && len(key) <= maxKey }

// visitor returns the visitor to import for the row. An explicit key never is that of a row.
func (r Row) visitor() ImportVisitor {
	if r.Visitor == nil {
		return ImportVisitor{Key: r.Key}
	}
	v := *r.Visitor
	v.Key = "visitor " + v.Key
	return v
}

// build creates the conversation of a row and its messages. A row without times gets that of the import, and has no
// response time if it was answered. All messages count as read. The change is now, so that lists of changes have the
// row.
func (r Row) build(
	number id.Conversation, t tenant.ID, visitor id.Visitor, agents map[string]id.User, now time.Time,
) (Conversation, []Message, error) {
	times, timed := r.times()
	if !timed {
		times = slices.Repeat([]time.Time{now}, len(r.Turns))
	}
	begin, end := times[0], times[len(times)-1]
	if r.ClosedAt != nil {
		end = *r.ClosedAt
	}
	c := newConversation(number, t, visitor, begin)
	c.ImportKey, c.Tags, c.Summary, c.AssigneeID = r.Key, distinct(r.Topics), r.Summary, agentOf(agents, r.Assignee)
	messages, err := r.messages(&c, agents, times)
	if err != nil {
		return c, nil, err
	}
	if !timed && c.FirstAgentAt != nil { // else it waits since the import
		c.FirstVisitorAt, c.FirstAgentAt = nil, nil
	}
	if r.Status != Open {
		c.setStatus(Closed, end)
	}
	if r.Rating != nil {
		c.Rating, c.Feedback, c.RatedFor = &r.Rating.Stars, r.Rating.Feedback, c.AssigneeID
		c.RatedAt = &end
		if r.Rating.At != nil {
			c.RatedAt = r.Rating.At
		}
	}
	c.Unread, c.Heard, c.UpdatedAt = 0, 0, now
	return c, messages, nil
}

// messages creates the messages of the turns and adds them to c.
func (r Row) messages(c *Conversation, agents map[string]id.User, times []time.Time) ([]Message, error) {
	messages := make([]Message, len(r.Turns))
	texts := make([]string, len(r.Turns))
	for i, turn := range r.Turns {
		d, at := Draft{Content: turn.Text, AuthorID: agentOf(agents, turn.Agent)}, times[i]
		if turn.From == "visitor" {
			messages[i] = d.message(FromVisitor, &c.VisitorID, at)
		} else {
			messages[i] = d.message(FromAgent, nil, at)
		}
		if _, err := c.addMessage(&messages[i]); err != nil {
			return nil, err
		}
		texts[i] = turn.Text
	}
	c.Terms, c.TermsVersion = searchterms.Of(MaxTerms, texts...), searchterms.Version
	if r.Visitor != nil {
		c.Terms = append(c.Terms, VisitorTerms(Visitor{Name: r.Visitor.Name})...)
	}
	return messages, nil
}

// agentOf returns the agent that has an address, or nil.
func agentOf(agents map[string]id.User, address string) *id.User {
	if agent, there := agents[strings.ToLower(address)]; there {
		return &agent
	}
	return nil
}
