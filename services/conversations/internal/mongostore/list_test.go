package mongostore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

// change saves a change of a conversation.
func change(t *testing.T, s *mongostore.Store, c conversations.Conversation, with func(*conversations.Conversation)) {
	t.Helper()
	_, err := s.Save(t.Context(), c.WebsiteID, c.Token, func(c conversations.Conversation) (
		conversations.Conversation, []conversations.Event, error,
	) {
		with(&c)
		return c, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inFolders stores conversations 1 to 8 of a website: 1 and 2 wait since 12:02 and 12:01, 3 doesn't wait, 4 and 5 are
// snoozed, 5 waits, 6 is closed, 7 and 8 are spam. The odd ones are assigned to agent 3,
// and 2 and 6 to team 4. 2, 4, 6 and 8 are rated, the
// last one first; 2 with a comment, 4 with an empty one.
func inFolders(t *testing.T, s *mongostore.Store, w tenant.ID) {
	t.Helper()
	since := func(minutes int) *time.Time {
		at := noon.Add(time.Duration(minutes) * time.Minute)
		return &at
	}
	for n := range int64(8) {
		c := conversation(t, s, w, n+1, "hello")
		change(t, s, c, func(c *conversations.Conversation) {
			if n%2 == 0 {
				agent := id.User(3)
				c.AssigneeID = &agent
			}
			if n%4 == 1 {
				team := id.Team(4)
				c.TeamID = &team
			}
			c.Tags = []string{fmt.Sprint("tag", n%3)}
			if n%2 == 1 {
				stars := max(1, n-2) // 1, 1, 3, 5
				c.Rating, c.RatedAt = &stars, since(int(90-n))
			}
			if comments := map[int64]string{2: "slow", 4: ""}; n == 1 || n == 3 {
				comment := comments[n+1]
				c.Feedback = &comment
			}
			switch n + 1 {
			case 1:
				c.WaitingSince = since(2)
			case 2:
				c.WaitingSince = since(1)
			case 4, 5:
				c.Folder, c.SnoozedUntil = conversations.Snoozed, since(int(10*n))
				if n == 4 {
					c.WaitingSince = since(0)
				}
			case 6:
				c.Status, c.ClosedAt = conversations.Closed, since(5)
			case 7, 8:
				c.Status, c.ClosedAt, c.Folder = conversations.Closed, since(5), conversations.Spam
			}
		})
	}
}

// TestListOrdersAndFilters lists by page and by cursor, a row at a time, and compares the total with the rows.
func TestListOrdersAndFilters(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	inFolders(t, s, w)
	inFolders(t, s, storetest.Tenant(2))
	yes, no := true, false
	isOpen, closed := []conversations.Status{conversations.Open}, []conversations.Status{conversations.Closed}
	mine, four := id.Assignees{Users: []id.User{3}}, id.Team(4)
	for name, c := range map[string]struct {
		f     conversations.Filter
		order paging.Order
		want  []int64
	}{
		"all":                  {conversations.Filter{}, paging.Newest, []int64{8, 7, 6, 5, 4, 3, 2, 1}},
		"oldest":               {conversations.Filter{}, paging.Oldest, []int64{1, 2, 3, 4, 5, 6, 7, 8}},
		"longest waiting":      {conversations.Filter{}, paging.Waiting, []int64{5, 2, 1}},
		"waiting, not snoozed": {conversations.Filter{Snoozed: &no}, paging.Waiting, []int64{2, 1}},
		"mine, waiting":        {conversations.Filter{Assignees: mine, Snoozed: &no}, paging.Waiting, []int64{1}},
		"waiting, newest":      {conversations.Filter{Waiting: &yes}, paging.Newest, []int64{5, 2, 1}},
		"not waiting":          {conversations.Filter{Statuses: isOpen, Waiting: &no}, paging.Oldest, []int64{3, 4}},
		"open, not snoozed":    {conversations.Filter{Statuses: isOpen, Snoozed: &no}, paging.Newest, []int64{3, 2, 1}},
		"mine, open, not snoozed": {
			conversations.Filter{Statuses: isOpen, Snoozed: &no, Assignees: mine}, paging.Newest, []int64{3, 1},
		},
		"snoozed":               {conversations.Filter{Snoozed: &yes}, paging.Newest, []int64{5, 4}},
		"snoozed, oldest, mine": {conversations.Filter{Snoozed: &yes, Assignees: mine}, paging.Oldest, []int64{5}},
		"spam":                  {conversations.Filter{Spam: &yes}, paging.Newest, []int64{8, 7}},
		"closed without spam":   {conversations.Filter{Statuses: closed, Spam: &no}, paging.Newest, []int64{6}},
		"neither":               {conversations.Filter{Snoozed: &no, Spam: &no}, paging.Newest, []int64{6, 3, 2, 1}},
		"snoozed spam":          {conversations.Filter{Snoozed: &yes, Spam: &yes}, paging.Newest, nil},
		"open spam":             {conversations.Filter{Statuses: isOpen, Spam: &yes}, paging.Newest, nil},
		"tags": {
			conversations.Filter{Tags: []string{"tag0", "tag1"}, Spam: &no}, paging.Newest, []int64{5, 4, 2, 1},
		},
		"rated":          {conversations.Filter{}, paging.Rated, []int64{2, 4, 6, 8}},
		"rated, no spam": {conversations.Filter{Spam: &no, Ratings: []int64{1, 3, 5}}, paging.Rated, []int64{2, 4, 6}},
		"commented":      {conversations.Filter{Commented: &yes}, paging.Newest, []int64{2}},
		"rated, silent":  {conversations.Filter{Commented: &no}, paging.Rated, []int64{4, 6, 8}},
		"a team":         {conversations.Filter{Teams: []*id.Team{&four}}, paging.Newest, []int64{6, 2}},
		"a team's open":  {conversations.Filter{Teams: []*id.Team{&four}, Statuses: isOpen}, paging.Oldest, []int64{2}},
		"no team, mine": {
			conversations.Filter{Teams: []*id.Team{nil}, Assignees: mine, Spam: &no}, paging.Oldest, []int64{1, 3, 5},
		},
		"any team":      {conversations.Filter{Teams: []*id.Team{nil, &four}}, paging.Waiting, []int64{5, 2, 1}},
		"tags, oldest":  {conversations.Filter{Tags: []string{"tag2"}}, paging.Oldest, []int64{3, 6}},
		"tags, waiting": {conversations.Filter{Tags: []string{"tag1"}}, paging.Waiting, []int64{5, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := func(w2 paging.Window) paging.Slice[conversations.Conversation] {
				w2.Limit, w2.Order = 1, c.order
				found, err := s.List(t.Context(), w, c.f, paging.Following{Window: w2})
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			var byPage, byCursor []int64
			total := list(paging.Window{}).Total
			for page := range paging.Number(len(c.want)) {
				for _, row := range list(paging.Window{Page: page + 1}).Rows {
					byPage = append(byPage, row.CreatedAt.Unix()-noon.Unix())
				}
			}
			for at := c.order.Start(); at.ID != 0; {
				found := list(paging.Window{Cursor: at})
				for _, row := range found.Rows {
					byCursor = append(byCursor, row.CreatedAt.Unix()-noon.Unix())
				}
				if at = found.Next; at.ID != 0 && at.Order != c.order {
					t.Fatalf("the cursor %+v isn't one of the order", at)
				}
			}
			if !slices.Equal(byPage, c.want) || !slices.Equal(byCursor, c.want) || total != int64(len(c.want)) {
				t.Errorf("by page %v, by cursor %v, %d in all, want %v", byPage, byCursor, total, c.want)
			}
		})
	}
}

// TestMessagesWakeAndStayInSpam: the message's update in the store sees the folder, also where it writes the
// conversation without reading it first.
func TestMessagesWakeAndStayInSpam(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	now := func() time.Time { return noon.Add(time.Hour) }
	service := conversations.New(s, nil, nil, conversations.Files{}, nil, nil, now)
	inFolders(t, s, w)
	for _, n := range []int{3, 4, 7} { // in no folder, snoozed, spam
		token := fmt.Sprintf("conv_1_%d", n)
		if _, _, err := service.PostAsVisitor(t.Context(), w, token, 7, conversations.Draft{Content: "again"}); err != nil {
			t.Fatal(err)
		}
		c, err := s.Get(t.Context(), w, token)
		if err != nil {
			t.Fatal(err)
		}
		isSpam := n == 7
		if c.In() == conversations.Snoozed || (c.In() == conversations.Spam) != isSpam ||
			(c.Status == conversations.Closed) != isSpam || (c.WaitingSince == nil) != isSpam || c.Messages != 2 ||
			(c.Unread == 0) != isSpam {
			t.Errorf("%d: %+v", n, c)
		}
	}
	snoozed := true
	if found, err := s.List(t.Context(), w, conversations.Filter{Snoozed: &snoozed}, paging.Following{}); err != nil ||
		found.Total != 1 || len(found.Rows) != 1 {
		t.Errorf("%d rows, %d in all, are snoozed after one has woken: %v", len(found.Rows), found.Total, err)
	}
}

// TestSnoozesEndOnce: each conversation of any website wakes at its time, once.
func TestSnoozesEndOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	inFolders(t, s, storetest.Tenant(1))
	inFolders(t, s, storetest.Tenant(2))
	now := noon
	service := conversations.New(s, nil, nil, conversations.Files{}, nil, nil, func() time.Time { return now })
	for _, c := range []struct{ minutes, woken int }{{29, 0}, {30, 2}, {39, 0}, {60, 2}, {61, 0}} {
		now = noon.Add(time.Duration(c.minutes) * time.Minute)
		due, err := service.DueSnoozes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		again := slices.Clone(due)
		if n, err := service.Wake(t.Context(), due); n != c.woken || err != nil {
			t.Errorf("after %d minutes %d wake, and not %d: %v", c.minutes, n, c.woken, err)
		}
		for _, one := range again {
			before, err := s.Get(t.Context(), one.WebsiteID, one.Token)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := service.Wake(t.Context(), []conversations.Conversation{one}); err != nil {
				t.Fatal(err)
			}
			after, err := s.Get(t.Context(), one.WebsiteID, one.Token)
			if err != nil || !after.UpdatedAt.Equal(before.UpdatedAt) || after.In() != conversations.NoFolder {
				t.Errorf("woken twice: %+v, %v", after, err)
			}
		}
	}
}

// TestInboxCountsAgreeWithTheLists: each count is the total of its view's list.
func TestInboxCountsAgreeWithTheLists(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	inFolders(t, s, w)
	inFolders(t, s, storetest.Tenant(2))
	yes, no := true, false
	isOpen, closed := []conversations.Status{conversations.Open}, []conversations.Status{conversations.Closed}
	counts, err := s.InboxCounts(t.Context(), w, 3, noon)
	if err != nil || counts.Mine == nil || len(counts.AtLeast) != 0 {
		t.Fatalf("%+v, %v", counts, err)
	}
	for name, c := range map[string]struct {
		have int64
		f    conversations.Filter
	}{
		"mine": {*counts.Mine, conversations.Filter{
			Statuses: isOpen, Snoozed: &no, Assignees: id.Assignees{Users: []id.User{3}},
		}},
		"unassigned": {
			counts.Unassigned, conversations.Filter{Statuses: isOpen, Snoozed: &no, Assignees: id.Assignees{None: true}},
		},
		"open":    {counts.Open, conversations.Filter{Statuses: isOpen, Snoozed: &no}},
		"waiting": {counts.Waiting, conversations.Filter{Waiting: &yes, Snoozed: &no}},
		"snoozed": {counts.Snoozed, conversations.Filter{Snoozed: &yes}},
		"closed":  {counts.Closed, conversations.Filter{Statuses: closed, Spam: &no}},
		"spam":    {counts.Spam, conversations.Filter{Spam: &yes}},
	} {
		found, err := s.List(t.Context(), w, c.f, paging.Following{Window: paging.Window{Limit: 100}})
		if err != nil || found.Total != c.have || int64(len(found.Rows)) != c.have || c.have == 0 {
			t.Errorf("%s: %d are counted, the list has %d of %d: %v", name, c.have, len(found.Rows), found.Total, err)
		}
	}
	if program, err := s.InboxCounts(t.Context(), w, 0, noon); err != nil || program.Mine != nil ||
		program.Unassigned != counts.Unassigned {
		t.Errorf("a program: %+v, %v", program, err)
	}
}
