package mongostore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

// TestEventsOfAConversationAscend: an older version of the service, on a host whose clock is hours ahead, has appended
// an event of a conversation, and the row has no order. All later events have greater ids.
func TestEventsOfAConversationAscend(t *testing.T) {
	t.Parallel()
	db := storetest.DB(t, "conversations")
	log := outbox.NewLog(db, storetest.Telemetry(t, "conversations"))
	s, w := mongostore.New(db, log), storetest.Tenant(1)
	storetest.Ready(t, db)
	c := conversation(t, s, w, 1, "hello")
	rows := mongokit.GlobalOf[struct{}](db, "conversations_conversations", "conversation")
	byID := bson.D{{Key: mongokit.TenantKey, Value: w}, {Key: "_id", Value: c.ID}}
	none := bson.D{{Key: "$unset", Value: bson.D{{Key: "eventAt", Value: ""}, {Key: "eventSeq", Value: ""}}}}
	if _, err := rows.Update(t.Context(), byID, none); err != nil {
		t.Fatal(err)
	}
	ahead, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	ahead[2]++ // increments byte 2 of a time in milliseconds by 2^24 ms, four and a half hours
	if err := mongokit.GlobalOf[outbox.Record](db, "conversations_outbox", "event").Insert(t.Context(), outbox.Record{
		ID: ahead.String(), Website: w, Type: "first", Key: int64(c.ID), At: time.Now(), Data: "{}",
	}); err != nil {
		t.Fatal(err)
	}
	post := func() {
		t.Helper()
		m := conversations.Message{Content: "more", SenderType: conversations.FromVisitor}
		if _, _, err := s.Post(t.Context(), w, c.Token, m, number); err != nil {
			t.Fatal(err)
		}
	}
	read := conversations.Event{Conversation: &c.ID, Data: c.Erased().Data}
	post()
	if _, err := s.MarkRead(t.Context(), w, c.ID,
		conversations.Reading{Writer: conversations.FromVisitor, At: time.Now()},
		func([]id.Message) conversations.Event { return read }); err != nil {
		t.Fatal(err)
	}
	post()
	var ids []string
	if err := log.Later(t.Context(), w, []int64{int64(c.ID)}, 0, func(records []outbox.Record) error {
		for _, r := range records {
			ids = append(ids, r.ID+" "+string(r.Type))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"first", "message.created", "conversation.erased", "message.created"}
	types := make([]string, len(ids))
	for i, one := range ids {
		_, types[i], _ = strings.Cut(one, " ")
	}
	if !slices.Equal(types, want) {
		t.Errorf("the events are %v", ids)
	}
}

// TestLongConversationsAreFoundByTheirNewestWords: beyond MaxTerms, new words take the place of the oldest ones.
func TestLongConversationsAreFoundByTheirNewestWords(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	words := make([]string, conversations.MaxTerms)
	for i := range words {
		words[i] = fmt.Sprint(10_000_000 + i)
	}
	c := conversation(t, s, w, 1, strings.Join(words, " "))
	for i := range 3 {
		m := conversations.Message{Content: fmt.Sprintf("fresh%d quokka%d", i, i), SenderType: conversations.FromAgent}
		if _, _, err := s.Post(t.Context(), w, c.Token, m, number); err != nil {
			t.Fatal(err)
		}
	}
	for word, want := range map[string]int64{"fresh0": 1, "quokka2": 1, words[0]: 0, "fresh2 quokka0": 1} {
		found, err := s.List(t.Context(), w, conversations.Filter{Query: asking(word + " ")}, paging.Following{})
		if err != nil || found.Total != want {
			t.Errorf("%s finds %d, want %d: %v", word, found.Total, want, err)
		}
	}
	if got, err := s.Get(t.Context(), w, c.Token); err != nil || len(got.Terms) > 0 || got.Messages != 4 {
		t.Errorf("%d terms are read, %d messages, %v", len(got.Terms), got.Messages, err)
	}
}
