package mongostore

import (
	"context"
	"log/slog"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/conversations"
)

// key is the key of the row counts: the filters of lists, except for visitors, who have few conversations, and words.
type key struct {
	State    state   `bson:"status"`
	Assignee id.User `bson:"assignee,omitempty"` // zero: unassigned
}

// state is a conversation's status and folder in one word. Versions of the service that don't know folders keep the
// counts of such states as they are.
type state string

const (
	snoozed state = "SNOOZED" // open
	spam    state = "SPAM"    // closed
)

// parts returns the status and the folder of a state.
func (s state) parts() (conversations.Status, conversations.Folder) {
	switch s {
	case snoozed:
		return conversations.Open, conversations.Snoozed
	case spam:
		return conversations.Closed, conversations.Spam
	default:
		return conversations.Status(s), conversations.NoFolder
	}
}

// assignee returns the user that the rows are assigned to, or nil for none.
func (k key) assignee() *id.User {
	if k.Assignee == 0 {
		return nil
	}
	return &k.Assignee
}

// matches reports whether the rows of the key meet a filter's conditions on status, folder and assignee.
func (k key) matches(f conversations.Filter) bool {
	status, folder := k.State.parts()
	return f.Matches(status, folder, k.assignee())
}

func keyOf(c conversations.Conversation) key {
	k := key{State: state(c.Status)}
	switch c.In() {
	case conversations.Snoozed:
		k.State = snoozed
	case conversations.Spam:
		k.State = spam
	case conversations.NoFolder:
	}
	if c.AssigneeID != nil {
		k.Assignee = *c.AssigneeID
	}
	return k
}

func keysOf(cs []conversations.Conversation) []key {
	keys := make([]key, len(cs))
	for i, c := range cs {
		keys[i] = keyOf(c)
	}
	return keys
}

func (s *Store) count(ctx context.Context, t tenant.ID, add func(key)) error {
	return s.conversations.Each(ctx, t, nil, mongokit.Query{Only: []string{"status", "folder", "assigneeId"}},
		func(c conversations.Conversation) { add(keyOf(c)) })
}

func (s *Store) countTexts(ctx context.Context, t tenant.ID, add func(int64)) error {
	return s.conversations.Each(ctx, t, nil, mongokit.Query{Only: []string{"bytes", "noteBytes", scheduledTextField}},
		func(c conversations.Conversation) { add(c.Texts()) })
}

func bytesOf(cs []conversations.Conversation) []int64 {
	texts := make([]int64, len(cs))
	for i, c := range cs {
		texts[i] = c.Texts()
	}
	return texts
}

// Stored measures the bytes that conversations use.
func (s *Store) Stored() rowcount.Stored[key] {
	return rowcount.Stored[key]{Rows: s.counts, Texts: s.texts}
}

// total returns a function that reads the number of conversations matching a filter from the row counts. It is nil if
// only a count query can tell.
func (s *Store) total(t tenant.ID, f conversations.Filter) func(context.Context) (int64, error) {
	if f.VisitorID != 0 || f.Mentioned != nil || len(f.Ratings) > 0 || len(f.Tags)+len(f.Teams) > 0 || f.Waiting != nil ||
		f.Overdue != nil || f.Rated || f.Commented != nil || f.Query.Restricts() {
		if len(f.Query.Clauses) > 0 && f.Spam != nil && !*f.Spam && f.Snoozed == nil {
			return func(ctx context.Context) (int64, error) { return s.countWithoutSpam(ctx, t, f) }
		}
		return nil
	}
	return func(ctx context.Context) (int64, error) {
		return s.counts.Sum(ctx, t, func(k key) bool { return k.matches(f) })
	}
}

// maxSubtracted is how many conversations in spam a search may be checked against to count the others.
const maxSubtracted = 500

// countWithoutSpam counts up to MaxCounted+1 rows of a search that leaves spam out. An index alone counts the rows with
// a word, but their folder is in the row: so all are counted, less those in spam, if few conversations are there.
func (s *Store) countWithoutSpam(ctx context.Context, t tenant.ID, f conversations.Filter) (int64, error) {
	count := func(f conversations.Filter) (int64, error) {
		return s.conversations.CountUpTo(ctx, t, conditions(f), indexFor(f), conversations.MaxCounted)
	}
	inSpam, err := s.counts.Sum(ctx, t, func(k key) bool { return k.State == spam })
	if err != nil {
		return 0, err
	}
	if inSpam > maxSubtracted {
		return count(f)
	}
	isSpam, all := true, f
	all.Spam = nil
	n, err := count(all)
	if err != nil || n == 0 || inSpam == 0 {
		return n, err
	}
	if n > conversations.MaxCounted { // it isn't known how many more
		return count(f)
	}
	of := f
	of.Spam = &isSpam
	less, err := s.conversations.CountUpTo(ctx, t, conditions(of), newestOf("folder"), conversations.MaxCounted)
	return n - less, err
}

// Tend compacts the row counts until ctx ends. Every replica runs it.
func (s *Store) Tend(ctx context.Context, log *slog.Logger) error { return s.Stored().Run(ctx, log) }
