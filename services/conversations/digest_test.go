package conversations

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// shelf is a Store of one conversation.
type shelf struct {
	Store
	c      Conversation
	read   int64 // how many messages were asked for
	events []Event
}

func (s *shelf) Get(_ context.Context, t tenant.ID, token string) (Conversation, error) {
	if t != s.c.WebsiteID || token != s.c.Token {
		return Conversation{}, fault.Missing("conversation")
	}
	c := s.c
	c.Tags = slices.Clone(c.Tags)
	return c, nil
}

func (s *shelf) Messages(_ context.Context, _ tenant.ID, _, _, limit int64) ([]Message, bool, error) {
	s.read = limit
	return []Message{said(FromVisitor, noon)}, false, nil
}

func (s *shelf) Tags(_ context.Context, t tenant.ID) ([]Tag, error) {
	var tags []Tag
	for _, name := range strings.Fields("a b c d e f stock") {
		tags = append(tags, Tag{WebsiteID: t, Name: name})
	}
	return tags, nil
}

func (s *shelf) Change(ctx context.Context, t tenant.ID, token string, change func(*Conversation) ([]Event, error)) (Conversation, error) {
	c, err := s.Get(ctx, t, token)
	if err != nil {
		return c, err
	}
	events, err := change(&c)
	if err == nil {
		s.c, s.events = c, append(s.events, events...)
	}
	return c, err
}

// helper is an Assistant that says d, after what happens meanwhile.
type helper struct {
	d         Digest
	err       error
	meanwhile func()
	asked     int
}

func (h *helper) Digest(context.Context, []Message, Catalogue) (Digest, error) {
	h.asked++
	if h.meanwhile != nil {
		h.meanwhile()
	}
	return h.d, h.err
}

func TestDigestFillsWhatIsEmpty(t *testing.T) {
	t.Parallel()
	own, kept := "An agent's own.", []string{"kept"}
	both := Digest{Summary: "Made.", Tags: []string{"stock"}}
	for name, c := range map[string]struct {
		status  Status
		summary *string
		tags    []string
		helper  helper
		reopen  bool // while the assistant is at it
		quicker bool // an agent writes both meanwhile
		want    string
		tagged  []string
		asked   int
		events  int
		err     bool
	}{
		"both":                     {status: Closed, helper: helper{d: both}, want: "Made.", tagged: []string{"stock"}, asked: 1, events: 1},
		"an agent's summary stays": {status: Closed, summary: &own, helper: helper{d: both}, want: own, tagged: []string{"stock"}, asked: 1, events: 1},
		"an agent's tags stay":     {status: Closed, tags: kept, helper: helper{d: both}, want: "Made.", tagged: kept, asked: 1, events: 1},
		"nothing is empty":         {status: Closed, summary: &own, tags: kept, helper: helper{d: both}, want: own, tagged: kept},
		"open":                     {status: Open, helper: helper{d: both}},
		"opened again meanwhile":   {status: Closed, helper: helper{d: both}, reopen: true, asked: 1},
		"an agent is quicker":      {status: Closed, helper: helper{d: both}, quicker: true, want: own, tagged: kept, asked: 1},
		"nothing to say":           {status: Closed, asked: 1},
		"the assistant fails":      {status: Closed, helper: helper{d: both, err: errors.New("away")}, asked: 1, err: true},
		"unknown and repeated tags": {status: Closed, helper: helper{d: Digest{Tags: []string{"none", "stock", "stock"}}},
			tagged: []string{"stock"}, asked: 1, events: 1},
		"too many tags": {status: Closed, helper: helper{d: Digest{Tags: strings.Fields("a b c d e f")}}, tagged: strings.Fields("a b c d e"), asked: 1, events: 1},
		"too long":      {status: Closed, helper: helper{d: Digest{Summary: strings.Repeat("x", maxSummary+1)}}, asked: 1},
		"the longest":   {status: Closed, helper: helper{d: Digest{Summary: strings.Repeat("x", maxSummary)}}, want: strings.Repeat("x", maxSummary), asked: 1, events: 1},
		"hostile":       {status: Closed, helper: helper{d: Digest{Summary: " a\x00\u202eb\t\x1b[31m"}}, want: "ab [31m", asked: 1, events: 1},
		"only signs":    {status: Closed, helper: helper{d: Digest{Summary: "\u202e\x00 "}}, asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &shelf{c: newConversation(1, website, visitorID, noon)}
			store.c.Status, store.c.Summary = c.status, c.summary
			store.c.Tags = append(store.c.Tags, c.tags...)
			h := c.helper
			h.meanwhile = func() {
				if c.reopen {
					store.c.Status = Open
				}
				if c.quicker {
					store.c.Summary, store.c.Tags = &own, kept
				}
			}
			s := New(store, nil, nil, &h, func() time.Time { return noon.Add(time.Hour) })
			err := s.Digest(t.Context(), website, store.c.Token)
			got := ""
			if store.c.Summary != nil {
				got = *store.c.Summary
			}
			if (err != nil) != c.err || got != c.want || !slices.Equal(store.c.Tags, c.tagged) || h.asked != c.asked || len(store.events) != c.events {
				t.Fatalf("%v: summary %q, tags %v, asked %d times, %d events", err, got, store.c.Tags, h.asked, len(store.events))
			}
			if want := noon.Add(time.Duration(c.events) * time.Hour); !store.c.UpdatedAt.Equal(want) {
				t.Errorf("updated at %v, want %v", store.c.UpdatedAt, want)
			}
			for _, e := range store.events { // it stayed closed: nobody takes this for another closing
				if d, is := e.Data.(UpdatedData); !is || e.Type != ConversationUpdated || d.From != Closed || d.Status != Closed || d.Conversation.ID != 1 {
					t.Errorf("told %+v", e)
				}
			}
			if h.asked > 0 && store.read != digested {
				t.Errorf("%d messages were asked for", store.read)
			}
		})
	}
}

func TestDigestAgainChangesNothing(t *testing.T) {
	t.Parallel()
	store := &shelf{c: newConversation(1, website, visitorID, noon)}
	store.c.Status = Closed
	h := &helper{d: Digest{Summary: "First.", Tags: []string{"stock"}}}
	s := New(store, nil, nil, h, time.Now)
	for range 2 {
		if err := s.Digest(t.Context(), website, store.c.Token); err != nil {
			t.Fatal(err)
		}
		h.d = Digest{Summary: "Second.", Tags: []string{"a"}}
	}
	if *store.c.Summary != "First." || store.c.Tags[0] != "stock" || len(store.events) != 1 {
		t.Errorf("%+v, %d events", store.c, len(store.events))
	}
}

func TestDigestOfAnotherWebsitesIsUnknown(t *testing.T) {
	t.Parallel()
	store := &shelf{c: newConversation(1, website, visitorID, noon)}
	store.c.Status = Closed
	other, err := tenant.New(2)
	if err != nil {
		t.Fatal(err)
	}
	h := &helper{d: Digest{Summary: "Made."}}
	s := New(store, nil, nil, h, time.Now)
	theirs, unknown := s.Digest(t.Context(), other, store.c.Token), s.Digest(t.Context(), website, "conv_none")
	if !fault.Is(theirs, fault.NotFound) || theirs.Error() != unknown.Error() || h.asked != 0 || store.c.Summary != nil {
		t.Errorf("%v, %v, asked %d times", theirs, unknown, h.asked)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Where\x00 is\u202e it?\x1b[0m": "Where is it?[0m",
		"two\nlines\tand\u00a0blanks":   "two\nlines and blanks",
		"4111\u200b1111\ufeff":          "41111111",
		"می\u200cخواهم 👩‍💻":             "می\u200cخواهم 👩‍💻",
		"broken \xff\xfe bytes":         "broken  bytes",
		"":                              "",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
