package mongostore_test

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/statistics"
	"fivechat.dev/services/statistics/internal/mongostore"
)

func open(t *testing.T) *mongostore.Store {
	t.Helper()
	db := storetest.DB(t, "statistics")
	s := mongostore.New(db)
	storetest.Ready(t, db)
	return s
}

// source is a log that a test writes to.
type source []outbox.Record

func (s *source) tell(website tenant.ID, typ contract.EventType, data string) {
	*s = append(*s, outbox.Record{
		Website: website,
		Type:    typ,
		Data:    data,
		At:      time.Now(),
		Pos:     int64(len(*s)) + 1,
	})
}

func counters(t *testing.T, s *mongostore.Store, website tenant.ID) statistics.Counters {
	t.Helper()
	c, err := s.Counters(t.Context(), website)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func position(t *testing.T, s *mongostore.Store, of string) int64 {
	t.Helper()
	pos, err := s.Position(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	return pos
}

// talk has events of every kind, of two websites.
func talk(a, b tenant.ID) (s source) {
	s.tell(a, "conversation.opened", `{}`)
	s.tell(a, "message.created", `{"sender":"VISITOR"}`)
	s.tell(b, "conversation.opened", `{}`)
	s.tell(a, "message.created", `{"sender":"USER","firstResponseSeconds":1.5}`)
	s.tell(a, "message.created", `{"sender":"SYSTEM"}`)
	s.tell(a, "conversation.updated", `{"from":"OPEN","status":"CLOSED"}`)
	s.tell(b, "conversation.rated", `{"rating":5}`)
	s.tell(
		b, "conversations.imported", `{"conversations":10,"open":1,"messages":70,"answered":9,"responseSeconds":0.5}`,
	)
	return s
}

var (
	talkOfA = statistics.Counters{
		TotalConversations:    1,
		TotalMessages:         2,
		AnsweredConversations: 1,
		ResponseSeconds:       1.5,
	}
	talkOfB = statistics.Counters{
		TotalConversations:    11,
		OpenConversations:     2,
		TotalMessages:         70,
		AnsweredConversations: 9,
		ResponseSeconds:       0.5,
	}
)

func TestUnknownWebsiteHasZeros(t *testing.T) {
	t.Parallel()
	s := open(t)
	if got := counters(t, s, storetest.Tenant(1)); got != (statistics.Counters{}) {
		t.Errorf("counters %+v", got)
	}
	if got := position(t, s, "conversations"); got != 0 {
		t.Errorf("position %d", got)
	}
}

// TestEachRecordCountsOnce applies every part of a log, overlapping and repeated. The sums don't depend on the batches.
func TestEachRecordCountsOnce(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	all := talk(a, b)
	for _, part := range []source{all[:3], all[:3], all[1:5], all[4:6], {}, all, all} {
		if err := s.Apply(t.Context(), "conversations", part); err != nil {
			t.Fatal(err)
		}
	}
	if got := counters(t, s, a); got != talkOfA {
		t.Errorf("got %+v, want %+v", got, talkOfA)
	}
	if got := counters(t, s, b); got != talkOfB {
		t.Errorf("got %+v, want %+v", got, talkOfB)
	}
	if got := position(t, s, "conversations"); got != int64(len(all)) {
		t.Errorf("position %d, want %d", got, len(all))
	}
}

// TestReplicasCountOnce: several replicas follow one log, and others another log of the same websites, concurrently.
func TestReplicasCountOnce(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	logs := map[string]source{"conversations": talk(a, b), "visitors": nil}
	for range 20 {
		visitors := logs["visitors"]
		visitors.tell(a, "visitor.created", `{}`)
		visitors.tell(b, "visitors.imported", `{"visitors":2}`)
		logs["visitors"] = visitors
	}
	var wg sync.WaitGroup
	for of, log := range logs {
		for range 4 {
			wg.Go(func() {
				for done := int64(0); done < int64(len(log)); {
					// A replica may get a write conflict. Like a Follower it continues from the stored position.
					applied := s.Apply(t.Context(), of, log[done:min(done+3, int64(len(log)))])
					pos, err := s.Position(t.Context(), of)
					if err != nil {
						t.Errorf("position: %v (after %v)", err, applied)
						return
					}
					done = pos
				}
			})
		}
	}
	wg.Wait()
	wantA, wantB := talkOfA, talkOfB
	wantA.TotalVisitors, wantB.TotalVisitors = 20, 40
	if got := counters(t, s, a); got != wantA {
		t.Errorf("got %+v, want %+v", got, wantA)
	}
	if got := counters(t, s, b); got != wantB {
		t.Errorf("got %+v, want %+v", got, wantB)
	}
}

func TestUnreadableRecordCountsNothing(t *testing.T) {
	t.Parallel()
	s, a := open(t), storetest.Tenant(1)
	var log source
	log.tell(a, "conversation.opened", `{}`)
	log.tell(a, "message.created", `{"sender":5}`)
	if err := s.Apply(t.Context(), "conversations", log); err == nil {
		t.Error("it was applied")
	}
	if got := counters(t, s, a); got != (statistics.Counters{}) || position(t, s, "conversations") != 0 {
		t.Errorf("counted %+v", got)
	}
}

// TestIsolation counts for one website and reads as the other; then they swap roles.
func TestIsolation(t *testing.T) {
	t.Parallel()
	for _, roles := range [][2]int64{{1, 2}, {2, 1}} {
		s, heard, silent := open(t), storetest.Tenant(roles[0]), storetest.Tenant(roles[1])
		var log source
		log.tell(heard, "visitor.created", `{}`)
		if err := s.Apply(t.Context(), "visitors", log); err != nil {
			t.Fatal(err)
		}
		got := []statistics.Counters{counters(t, s, heard), counters(t, s, silent), counters(t, s, tenant.ID{})}
		if want := []statistics.Counters{{TotalVisitors: 1}, {}, {}}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
