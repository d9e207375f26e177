package conversations

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

func TestDraftsBoundAttachments(t *testing.T) {
	t.Parallel()
	many := make([]id.File, MaxAttachments+1)
	for i := range many {
		many[i] = id.File(i + 1)
	}
	for name, files := range map[string][]id.File{"too many": many, "none": {0}, "one twice": {3, 3}} {
		err := Draft{Content: "a.png", Attachments: files}.Validate()
		if f := fault.From(err); f.Kind != fault.Invalid || f.Fields[0].Field != "attachments" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Draft{Content: "a.png", Attachments: many[:MaxAttachments]}).Validate(); err != nil {
		t.Error(err)
	}
}

// claimer is a Claimer that has claimed some files, or fails.
type claimer struct {
	visitor   id.Visitor
	byVisitor bool
	files     []id.File
	err       error
}

func (c *claimer) Claim(
	_ context.Context, _ tenant.ID, visitor id.Visitor, byVisitor bool, files []id.File,
) ([]Attachment, error) {
	c.visitor, c.byVisitor, c.files = visitor, byVisitor, files
	return []Attachment{{ID: 5, Name: "a.png", Type: "image/png", Size: 9, Width: 4, Height: 3, HasThumbnail: true}}, c.err
}

// Post implements Store.
func (s *fakeStore) Post(
	ctx context.Context, t tenant.ID, token string, m Message,
	change func(Conversation, Message) (Conversation, Message, []Event, error),
) (Message, bool, error) {
	c, err := s.Get(ctx, t, token)
	if err != nil {
		return m, false, err
	}
	c, m, events, err := change(c, m)
	if err == nil {
		s.c, s.events = c, append(s.events, events...)
	}
	return m, err == nil, err
}

// TestFilesAreClaimedForTheVisitor checks for which visitor files are claimed, that the message has what is known of
// them, and that no message is posted if they can't be claimed.
func TestFilesAreClaimedForTheVisitor(t *testing.T) {
	t.Parallel()
	keys, err := identity.NewKeyring([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	store := &fakeStore{c: newConversation(1, website, visitorID, noon)}
	files := &claimer{}
	now := func() time.Time { return noon }
	s := New(store, nil, nil, Files{files, fileaddress.New(keys, now)}, nil, nil, now)
	draft := Draft{Content: "a.png", Attachments: []id.File{5}}
	post := map[bool]func() (Message, error){
		true: func() (Message, error) {
			m, _, err := s.PostAsVisitor(t.Context(), website, store.c.Token, visitorID, draft)
			return m, err
		},
		false: func() (Message, error) {
			m, _, err := s.PostAsAgent(t.Context(), website, store.c.Token, Reply{Draft: draft})
			return m, err
		},
	}
	for byVisitor, post := range post {
		m, err := post()
		if err != nil || len(m.Attachments) != 1 || m.Attachments[0].Name != "a.png" {
			t.Fatalf("%+v, %v", m, err)
		}
		if files.visitor != visitorID || files.byVisitor != byVisitor || !slices.Equal(files.files, draft.Attachments) {
			t.Errorf("%+v is claimed", files)
		}
		v := s.View(m).Attachments[0]
		if v.ID != 5 || *v.Width != 4 || !strings.HasPrefix(v.URL, "/files/5/content?signature=1.") ||
			!strings.HasPrefix(*v.ThumbnailURL, "/files/5/thumbnail?signature=1.") {
			t.Errorf("%+v", v)
		}
	}
	files.err = fault.Bad("attachments", "can't be used")
	before := store.c.Messages
	for _, post := range post {
		if _, err := post(); !fault.Is(err, fault.Invalid) || store.c.Messages != before {
			t.Errorf("files that can't be claimed: %v, %d messages", err, store.c.Messages)
		}
	}
	files.files = nil
	if _, _, err := s.PostAsVisitor(t.Context(), website, store.c.Token, visitorID, Draft{Content: "x"}); err != nil ||
		files.files != nil {
		t.Errorf("a message without files: %v, and %v is claimed", err, files.files)
	}
}
