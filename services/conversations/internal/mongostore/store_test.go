package mongostore_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

var noon = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *mongostore.Store {
	t.Helper()
	db := storetest.DB(t, "conversations")
	s := mongostore.New(db, outbox.NewLog(db, storetest.Telemetry(t, "conversations")))
	storetest.Ready(t, db)
	return s
}

// conversation stores a conversation of a website with one message of the given words, and returns it.
func conversation(t *testing.T, s *mongostore.Store, w tenant.ID, n int64, words string) conversations.Conversation {
	t.Helper()
	first, err := s.NextID(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	at := noon.Add(time.Duration(n) * time.Second)
	c := conversations.Conversation{
		ID:        first,
		WebsiteID: w,
		Token:     fmt.Sprintf("conv_%d_%d", w.Int64(), n),
		VisitorID: 7,
		Status:    conversations.Open,
		Tags:      []string{},
		CreatedAt: at,
		UpdatedAt: at,
		Messages:  1,
	}
	m := conversations.Message{
		ID:             id.Message(first<<14 | 1),
		WebsiteID:      w,
		ConversationID: first,
		Content:        words,
		SenderType:     conversations.FromVisitor,
		CreatedAt:      at,
	}
	c, _, fresh, err := s.Open(t.Context(), c, m, nil)
	if err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	return c
}

// number gives a message the next number, as the domain does.
func number(c conversations.Conversation, m conversations.Message) (
	conversations.Conversation, conversations.Message, []conversations.Event, error,
) {
	c.Messages++
	m.ID, m.ConversationID, m.WebsiteID = id.Message(int64(c.ID)<<14|c.Messages), c.ID, c.WebsiteID
	return c, m, []conversations.Event{{
		Conversation: &c.ID,
		Data:         contract.MessageCreatedData{Sender: m.SenderType},
	}}, nil
}

func TestConcurrentPostsAreAllStoredInOrder(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	c := conversation(t, s, w, 1, "hello")
	const writers, each = 16, 10
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				m := conversations.Message{
					Content:    fmt.Sprint("word", j),
					ClientID:   fmt.Sprintf("%d-%d", i, j),
					SenderType: conversations.FromAgent,
					CreatedAt:  noon,
				}
				for range 2 { // the second one repeats the first
					if _, _, err := s.Post(t.Context(), w, c.Token, m, number); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	ms, _, err := s.Messages(t.Context(), w, c.ID, 0, 1000)
	if err != nil || len(ms) != writers*each+1 {
		t.Fatalf("%d messages, %v", len(ms), err)
	}
	for i, m := range ms {
		if m.ID != id.Message(c.ID<<14|id.Conversation(i+1)) {
			t.Fatalf("message %d has number %d", i, m.ID)
		}
	}
	if after, more, err := s.Messages(t.Context(), w, c.ID, ms[150].ID, 5); err != nil || !more || len(after) != 5 ||
		after[0].ID != ms[151].ID {
		t.Fatalf("%v %v", after, err)
	}
	got, err := s.Get(t.Context(), w, c.Token)
	if err != nil || got.Messages != writers*each+1 {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestRepeatedPostReturnsTheFirstMessage(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	c, other := conversation(t, s, w, 1, "a"), conversation(t, s, w, 2, "b")
	first, fresh, err := s.Post(t.Context(), w, c.Token, conversations.Message{Content: "first", ClientID: "k"}, number)
	if err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	again, fresh, err := s.Post(t.Context(), w, c.Token, conversations.Message{Content: "second", ClientID: "k"}, number)
	if err != nil || fresh || again.ID != first.ID || again.Content != "first" {
		t.Fatalf("%+v %v %v", again, fresh, err)
	}
	if _, fresh, err = s.Post(t.Context(), w, other.Token, conversations.Message{Content: "x", ClientID: "k"},
		number); err != nil || !fresh {
		t.Fatalf("the same id in another conversation is another message: %v %v", fresh, err)
	}
	if got, _ := s.Get(t.Context(), w, c.Token); got.Messages != 2 {
		t.Fatalf("a repetition was counted: %d", got.Messages)
	}
}

func TestRefusedChangeStoresNothing(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	c := conversation(t, s, w, 1, "a")
	no := errors.New("no")
	_, _, err := s.Post(t.Context(), w, c.Token, conversations.Message{Content: "x"},
		func(c conversations.Conversation, m conversations.Message) (
			conversations.Conversation, conversations.Message, []conversations.Event, error,
		) {
			c.Status = conversations.Closed
			return c, m, nil, no
		})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	got, err := s.Get(t.Context(), w, c.Token)
	if err != nil || got.Status != conversations.Open || got.Version != 0 {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestListReturnsMatchingConversations(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	agent := id.User(3)
	first := conversation(t, s, w, 1, "Where is my parcel")
	second := conversation(t, s, w, 2, "the parcel is late")
	conversation(t, s, w, 3, "refund please")
	if _, err := s.Save(t.Context(), w, second.Token,
		func(c conversations.Conversation) (conversations.Conversation, []conversations.Event, error) {
			c.Status, c.AssigneeID, c.UpdatedAt = conversations.Closed, &agent, noon.Add(time.Hour)
			return c, nil, nil
		}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter conversations.Filter
		want   []string
	}{
		"all, newest first": {conversations.Filter{}, []string{"conv_1_3", "conv_1_2", "conv_1_1"}},
		"open": {
			conversations.Filter{Statuses: []conversations.Status{conversations.Open}},
			[]string{"conv_1_3", "conv_1_1"},
		},
		"assignee":       {conversations.Filter{Assignees: id.Assignees{Users: []id.User{agent}}}, []string{"conv_1_2"}},
		"no match":       {conversations.Filter{VisitorID: 8}, nil},
		"one word":       {conversations.Filter{Query: asking("parcel ")}, []string{"conv_1_2", "conv_1_1"}},
		"all words":      {conversations.Filter{Query: asking("parcel where ")}, []string{"conv_1_1"}},
		"part of a word": {conversations.Filter{Query: asking("parc ")}, nil},
		"two filters": {
			conversations.Filter{Statuses: []conversations.Status{conversations.Closed}, Query: asking("late ")},
			[]string{"conv_1_2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.List(t.Context(), w, c.filter, paging.Following{})
			if err != nil || got.Total != int64(len(c.want)) || len(got.Rows) != len(c.want) {
				t.Fatalf("%+v %v", got, err)
			}
			for i, row := range got.Rows {
				if row.Token != c.want[i] || row.Terms != nil {
					t.Errorf("row %d is %s %v", i, row.Token, row.Terms)
				}
			}
		})
	}
	_ = first
}

func TestImportIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	row := func(number id.Conversation, key string) conversations.Conversation {
		return conversations.Conversation{
			ID:        number,
			WebsiteID: w,
			Token:     "conv_" + key,
			ImportKey: key,
			CreatedAt: noon,
			Tags:      []string{},
		}
	}
	e := conversations.Event{Data: contract.ConversationsImportedData{Conversations: 1}}
	if err := s.Import(t.Context(), w, []conversations.Conversation{row(1, "a")}, nil, e); err != nil {
		t.Fatal(err)
	}
	if err := s.Import(t.Context(), w, []conversations.Conversation{row(2, "b"), row(3, "a")}, nil, e); !fault.Is(err,
		fault.Conflict) {
		t.Fatalf("a key twice: %v", err)
	}
	there, err := s.ImportedKeys(t.Context(), w, []string{"a", "b"})
	if err != nil || !there["a"] || there["b"] {
		t.Fatalf("%v %v", there, err)
	}
	if there, _ := s.ImportedKeys(t.Context(), storetest.Tenant(2), []string{"a"}); there["a"] {
		t.Fatal("another website's key")
	}
}

// TestIsolation calls every method on a conversation of one website as the other, in both directions.
func TestIsolation(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, b := storetest.Tenant(1), storetest.Tenant(2)
	for _, pair := range [][2]tenant.ID{{a, b}, {b, a}} {
		own, other := pair[0], pair[1]
		c := conversation(t, s, own, 1, "secret")
		missing := func(what string, err error) {
			t.Helper()
			if !fault.Is(err, fault.NotFound) || err.Error() != "not_found: conversation not found" {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := s.Get(t.Context(), other, c.Token)
		missing("Get", err)
		_, _, err = s.Post(t.Context(), other, c.Token, conversations.Message{Content: "x"}, number)
		missing("Post", err)
		_, err = s.Save(t.Context(), other, c.Token,
			func(c conversations.Conversation) (conversations.Conversation, []conversations.Event, error) {
				return c, nil, nil
			})
		missing("Save", err)
		_, err = s.SetTyping(t.Context(), other, c.Token, nil, noon)
		missing("SetTyping", err)
		another := id.Visitor(8)
		_, err = s.SetTyping(t.Context(), own, c.Token, &another, noon)
		missing("SetTyping of another visitor", err)
		if ms, _, err := s.Messages(t.Context(), other, c.ID, 0, 10); err != nil || len(ms) != 0 {
			t.Errorf("Messages: %v %v", ms, err)
		}
		if _, err := s.MarkRead(t.Context(), other, c.ID,
			conversations.Reading{Writer: conversations.FromVisitor, At: noon}, func(ids []id.Message) conversations.Event {
				t.Errorf("%v were read", ids)
				return conversations.Event{}
			}); err != nil {
			t.Errorf("MarkRead: %v", err)
		}
		if ms, _, _ := s.Messages(t.Context(), own, c.ID, 0, 10); len(ms) != 1 || ms[0].ReadAt != nil {
			t.Errorf("afterwards: %+v", ms)
		}
		if got, err := s.List(t.Context(), own, conversations.Filter{Query: asking("secret ")},
			paging.Following{}); err != nil || got.Total != 1 {
			t.Errorf("List: %+v %v", got, err)
		}
		tag, err := conversations.NewTag(own, "vip", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.PutTag(t.Context(), tag); err != nil {
			t.Errorf("PutTag: %v", err)
		}
		if err := s.DeleteTag(t.Context(), own, "vip"); err != nil {
			t.Errorf("DeleteTag: %v", err)
		}
		if err := s.DeleteTag(t.Context(), other, "vip"); !fault.Is(err, fault.NotFound) {
			t.Errorf("DeleteTag: %v", err)
		}
	}
}

// TestMarkReadMarksOneSide: reading marks the messages of the other side and never those of the reader's own side. The
// event lists exactly the marked messages.
func TestMarkReadMarksOneSide(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	c := conversation(t, s, w, 1, "hello")
	reply := conversations.Message{Content: "hi", SenderType: conversations.FromAgent, CreatedAt: noon}
	if _, _, err := s.Post(t.Context(), w, c.Token, reply, number); err != nil {
		t.Fatal(err)
	}
	for _, from := range []conversations.Sender{conversations.FromVisitor, conversations.FromAgent} {
		var marked []id.Message
		reading := conversations.Reading{Writer: from, At: noon}
		_, err := s.MarkRead(t.Context(), w, c.ID, reading, func(ids []id.Message) conversations.Event {
			marked = ids
			return conversations.Event{Conversation: &c.ID, Data: contract.ConversationReadData{}}
		})
		if err != nil {
			t.Fatal(err)
		}
		messages, _, err := s.Messages(t.Context(), w, c.ID, 0, 10)
		if err != nil || len(messages) != 2 {
			t.Fatal(messages, err)
		}
		for _, m := range messages {
			if wasMarked := len(marked) == 1 && marked[0] == m.ID; wasMarked != (m.SenderType == from) {
				t.Errorf("reading messages of %s: marked %v, and message %d is of %s", from, marked, m.ID, m.SenderType)
			}
			if from == conversations.FromVisitor && (m.ReadAt != nil) != (m.SenderType == from) {
				t.Errorf("reading messages of %s: message %d of %s is read at %v", from, m.ID, m.SenderType, m.ReadAt)
			}
		}
	}
}

// asking returns the query of whole words.
func asking(words string) searchquery.Query {
	q, err := searchquery.Parse(words)
	if err != nil {
		panic(err)
	}
	return q
}
