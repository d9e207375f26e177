package conversations

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// fakeStore is a Store of one conversation.
type fakeStore struct {
	Store
	c      Conversation
	read   int64 // the limit of the last call of Messages
	events []Event
}

func (s *fakeStore) Get(_ context.Context, t tenant.ID, token string) (Conversation, error) {
	if t != s.c.WebsiteID || token != s.c.Token {
		return Conversation{}, fault.Missing("conversation")
	}
	c := s.c
	c.Tags = slices.Clone(c.Tags)
	return c, nil
}

func (s *fakeStore) Messages(
	_ context.Context, _ tenant.ID, _ id.Conversation, _ id.Message, limit int64,
) ([]Message, bool, error) {
	s.read = limit
	return []Message{said(FromVisitor, noon)}, false, nil
}

func (s *fakeStore) Tags(_ context.Context, t tenant.ID) ([]Tag, error) {
	var tags []Tag
	for _, name := range strings.Fields("a b c d e f stock") {
		tags = append(tags, Tag{WebsiteID: t, Name: name})
	}
	return tags, nil
}

func (s *fakeStore) Save(
	ctx context.Context, t tenant.ID, token string, change func(Conversation) (Conversation, []Event, error),
) (Conversation, error) {
	c, err := s.Get(ctx, t, token)
	if err != nil {
		return c, err
	}
	c, events, err := change(c)
	if err == nil {
		s.c, s.events = c, append(s.events, events...)
	}
	return c, err
}

// fakeAssistant is an Assistant that runs meanwhile and then returns d and err.
type fakeAssistant struct {
	d         Digest
	err       error
	meanwhile func()
	calls     int
}

func (h *fakeAssistant) Digest(context.Context, []Message, Catalogue) (Digest, error) {
	h.calls++
	if h.meanwhile != nil {
		h.meanwhile()
	}
	return h.d, h.err
}

func TestDigestFillsEmptyFieldsOfClosedConversations(t *testing.T) {
	t.Parallel()
	own, kept := "An agent's own.", []string{"kept"}
	both := Digest{Summary: "Made.", Tags: []string{"stock"}}
	for name, c := range map[string]struct {
		status    Status
		summary   *string
		tags      []string
		assistant fakeAssistant
		reopen    bool // while the assistant works
		edited    bool // an agent sets both in the meantime
		want      string
		tagged    []string
		calls     int
		events    int
		err       bool
	}{
		"both": {
			status:    Closed,
			assistant: fakeAssistant{d: both},
			want:      "Made.",
			tagged:    []string{"stock"},
			calls:     1,
			events:    1,
		},
		"an agent's summary stays": {
			status:    Closed,
			summary:   &own,
			assistant: fakeAssistant{d: both},
			want:      own,
			tagged:    []string{"stock"},
			calls:     1,
			events:    1,
		},
		"an agent's tags stay": {
			status:    Closed,
			tags:      kept,
			assistant: fakeAssistant{d: both},
			want:      "Made.",
			tagged:    kept,
			calls:     1,
			events:    1,
		},
		"nothing is empty": {
			status:    Closed,
			summary:   &own,
			tags:      kept,
			assistant: fakeAssistant{d: both},
			want:      own,
			tagged:    kept,
		},
		"open":               {status: Open, assistant: fakeAssistant{d: both}},
		"reopened meanwhile": {status: Closed, assistant: fakeAssistant{d: both}, reopen: true, calls: 1},
		"edited by an agent meanwhile": {
			status:    Closed,
			assistant: fakeAssistant{d: both},
			edited:    true,
			want:      own,
			tagged:    kept,
			calls:     1,
		},
		"empty digest": {status: Closed, calls: 1},
		"the assistant fails": {
			status:    Closed,
			assistant: fakeAssistant{d: both, err: errors.New("unavailable")},
			calls:     1,
			err:       true,
		},
		"unknown and repeated tags": {
			status:    Closed,
			assistant: fakeAssistant{d: Digest{Tags: []string{"none", "stock", "stock"}}},
			tagged:    []string{"stock"}, calls: 1, events: 1,
		},
		"too many tags": {
			status:    Closed,
			assistant: fakeAssistant{d: Digest{Tags: strings.Fields("a b c d e f")}},
			tagged:    strings.Fields("a b c d e"),
			calls:     1,
			events:    1,
		},
		"summary too long": {
			status:    Closed,
			assistant: fakeAssistant{d: Digest{Summary: strings.Repeat("x", maxSummary+1)}},
			calls:     1,
		},
		"longest summary": {
			status:    Closed,
			assistant: fakeAssistant{d: Digest{Summary: strings.Repeat("x", maxSummary)}},
			want:      strings.Repeat("x", maxSummary),
			calls:     1,
			events:    1,
		},
		"unreadable characters": {
			status:    Closed,
			assistant: fakeAssistant{d: Digest{Summary: " a\x00\u202eb\t\x1b[31m"}},
			want:      "ab [31m",
			calls:     1,
			events:    1,
		},
		"only unreadable characters": {
			status:    Closed,
			assistant: fakeAssistant{d: Digest{Summary: "\u202e\x00 "}},
			calls:     1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &fakeStore{c: newConversation(1, website, visitorID, noon)}
			store.c.Status, store.c.Summary = c.status, c.summary
			store.c.Tags = append(store.c.Tags, c.tags...)
			h := c.assistant
			h.meanwhile = func() {
				if c.reopen {
					store.c.Status = Open
				}
				if c.edited {
					store.c.Summary, store.c.Tags = &own, kept
				}
			}
			s := New(store, nil, nil, Files{}, nil, &h, func() time.Time { return noon.Add(time.Hour) })
			err := s.Digest(t.Context(), website, store.c.Token)
			got := ""
			if store.c.Summary != nil {
				got = *store.c.Summary
			}
			if (err != nil) != c.err || got != c.want || !slices.Equal(store.c.Tags, c.tagged) || h.calls != c.calls ||
				len(store.events) != c.events {
				t.Fatalf("%v: summary %q, tags %v, %d calls, %d events", err, got, store.c.Tags, h.calls, len(store.events))
			}
			if want := noon.Add(time.Duration(c.events) * time.Hour); !store.c.UpdatedAt.Equal(want) {
				t.Errorf("updated at %v, want %v", store.c.UpdatedAt, want)
			}
			for _, e := range store.events { // from CLOSED to CLOSED: not counted as another closing
				if d, is := e.Data.(contract.ConversationUpdatedData); !is || d.From != Closed || d.Status != Closed ||
					d.Conversation.ID != 1 {
					t.Errorf("event %+v", e)
				}
			}
			if h.calls > 0 && store.read != digested {
				t.Errorf("Messages was called with limit %d", store.read)
			}
		})
	}
}

func TestRepeatedDigestChangesNothing(t *testing.T) {
	t.Parallel()
	store := &fakeStore{c: newConversation(1, website, visitorID, noon)}
	store.c.Status = Closed
	h := &fakeAssistant{d: Digest{Summary: "First.", Tags: []string{"stock"}}}
	s := New(store, nil, nil, Files{}, nil, h, time.Now)
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

func TestDigestDoesNotFindConversationsOfOtherWebsites(t *testing.T) {
	t.Parallel()
	store := &fakeStore{c: newConversation(1, website, visitorID, noon)}
	store.c.Status = Closed
	other, err := tenant.New(2)
	if err != nil {
		t.Fatal(err)
	}
	h := &fakeAssistant{d: Digest{Summary: "Made."}}
	s := New(store, nil, nil, Files{}, nil, h, time.Now)
	theirs, unknown := s.Digest(t.Context(), other, store.c.Token), s.Digest(t.Context(), website, "conv_none")
	if !fault.Is(theirs, fault.NotFound) || theirs.Error() != unknown.Error() || h.calls != 0 || store.c.Summary != nil {
		t.Errorf("%v, %v, %d calls", theirs, unknown, h.calls)
	}
}

func TestPlainRemovesUnreadableCharacters(t *testing.T) {
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
