package mongostore_test

import (
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

// TestScheduledRepliesAreSentOnce: those of any website at their times, also if two replicas try it at the same time.
// What was changed, removed or erased meanwhile isn't sent. A reply is held if the visitor has written since, and in a
// conversation that is marked as spam.
func TestScheduledRepliesAreSentOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	now := noon
	service := conversations.New(s, nil, nil, conversations.Files{}, nil, nil, func() time.Time { return now })
	websites := []tenant.ID{storetest.Tenant(1), storetest.Tenant(2)}
	var all []conversations.Conversation
	schedule := func(c conversations.Conversation, content string, minutes int) {
		t.Helper()
		_, err := service.Schedule(t.Context(), c.WebsiteID, c.Token, conversations.ScheduledDraft{
			Content: content, SendAt: noon.Add(time.Duration(minutes) * time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range websites {
		for n := range int64(6) {
			c := conversation(t, s, w, int64(i)*10+n+1, "hello")
			schedule(c, "Did it arrive?", 10)
			all = append(all, c)
		}
	}
	for _, c := range []int{1, 7} { // replaced
		schedule(all[c], "Is it whole?", 20)
	}
	for _, c := range []int{2, 8} { // removed, twice
		for range 2 {
			if err := service.Unschedule(t.Context(), all[c].WebsiteID, all[c].Token); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []int{3, 9} { // the visitor has written
		draft := conversations.Draft{Content: "It has arrived."}
		one := all[c]
		if _, _, err := service.PostAsVisitor(t.Context(), one.WebsiteID, one.Token, one.VisitorID, draft); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []int{4, 10} {
		change(t, s, all[c], func(c *conversations.Conversation) {
			c.Folder, c.Status, c.FolderSince, c.ClosedAt = conversations.Spam, conversations.Closed, &now, &now
		})
	}
	if due, err := service.DueReplies(t.Context()); err != nil || len(due) != 0 {
		t.Errorf("%d replies are due before their time: %v", len(due), err)
	}
	now = noon.Add(10 * time.Minute)
	due, err := service.DueReplies(t.Context())
	if err != nil || len(due) != 8 {
		t.Fatalf("%d replies are due, want 8: %v", len(due), err)
	}
	schedule(all[5], "Or not?", 30) // after the leader has read what is due
	for range 2 {
		if _, err := service.SendDue(t.Context(), due); err != nil {
			t.Error(err)
		}
	}
	if due, err := service.DueReplies(t.Context()); err != nil || len(due) != 0 {
		t.Errorf("%d replies are due after all were sent: %v", len(due), err)
	}
	now = noon.Add(20 * time.Minute)
	if due, err = service.DueReplies(t.Context()); err != nil || len(due) != 2 {
		t.Errorf("%d replies are due later, want 2: %v", len(due), err)
	}
	if n, err := service.SendDue(t.Context(), due); n != 2 || err != nil {
		t.Errorf("%d sent later: %v", n, err)
	}
	for i, want := range []string{
		"hello|Did it arrive?", "hello|Is it whole?", "hello", "hello|It has arrived.", "hello", "hello",
		"hello|Did it arrive?", "hello|Is it whole?", "hello", "hello|It has arrived.", "hello", "hello|Did it arrive?",
	} {
		c := all[i]
		found, _, err := s.Messages(t.Context(), c.WebsiteID, c.ID, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, m := range found {
			texts = append(texts, m.Content)
		}
		if got := strings.Join(texts, "|"); got != want {
			t.Errorf("conversation %d has %q, want %q", i, got, want)
		}
		left, err := service.ScheduledReply(t.Context(), c.WebsiteID, c.Token)
		isHeld := map[int]bool{3: true, 4: true, 9: true, 10: true}[i]
		if err != nil || (left != nil) != (isHeld || i == 5) || left != nil && (left.HeldAt != nil) != isHeld {
			t.Errorf("conversation %d has %+v left: %v", i, left, err)
		}
		if i%6 == 4 && left != nil && left.Problem != "the conversation is marked as spam" {
			t.Errorf("conversation %d says %q", i, left.Problem)
		}
	}
}
