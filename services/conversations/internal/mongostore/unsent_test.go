package mongostore_test

import (
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

// TestErasureRemovesUnsentTexts: of a visitor and of a website. No export has them.
func TestErasureRemovesUnsentTexts(t *testing.T) {
	t.Parallel()
	s := open(t)
	one, two := storetest.Tenant(1), storetest.Tenant(2)
	mine, theirs := conversation(t, s, one, 1, "mine"), conversation(t, s, two, 2, "theirs")
	for _, c := range []conversations.Conversation{mine, theirs} {
		for _, user := range []id.User{3, 4} {
			if err := s.PutUnsent(t.Context(), conversations.Unsent{
				WebsiteID: c.WebsiteID, ConversationID: c.ID, Token: c.Token, VisitorID: c.VisitorID, UserID: user,
				Kind: conversations.UnsentReply, Content: "zebra", UpdatedAt: noon,
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := func(c conversations.Conversation) (n int) {
		t.Helper()
		for _, user := range []id.User{3, 4} {
			if _, err := s.Unsent(t.Context(), c.WebsiteID, c.ID, user); err == nil {
				n++
			} else if !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
		}
		return n
	}
	if _, err := s.Unsent(t.Context(), two, mine.ID, 3); !fault.Is(err, fault.NotFound) {
		t.Errorf("of another website: %v", err)
	}
	if kinds, _ := storetest.Exported(t, s, subject.Website(one)); kinds["draft"] != 0 {
		t.Errorf("the export has %v", kinds)
	}
	storetest.Erase(t, s, subject.Visitor(one, 8))
	if left(mine) != 2 || left(theirs) != 2 {
		t.Errorf("another visitor's erasure left %d and %d", left(mine), left(theirs))
	}
	storetest.Erase(t, s, subject.Visitor(one, 7))
	if left(mine) != 0 || left(theirs) != 2 {
		t.Errorf("the visitor's erasure left %d and %d", left(mine), left(theirs))
	}
	storetest.Erase(t, s, subject.Website(two))
	if left(theirs) != 0 {
		t.Errorf("the website's erasure left %d", left(theirs))
	}
}
