package mongostore_test

import (
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/statistics"
	"fivechat.dev/services/statistics/internal/mongostore"
)

var noon = time.Date(2026, 3, 29, 12, 5, 0, 0, time.UTC)

func (s *source) tellAt(at time.Time, website tenant.ID, typ contract.EventType, data string) {
	*s = append(*s, outbox.Record{
		Website: website,
		Type:    typ,
		Data:    data,
		At:      at,
		Pos:     int64(len(*s)) + 1,
	})
}

// day has events of every kind at one website: two rated conversations, one of which is rated again the day after.
func day(a tenant.ID) (s source) {
	s.tellAt(noon, a, "conversation.opened", `{}`)
	s.tellAt(noon, a, "visitor.created", `{}`)
	s.tellAt(noon, a, "message.created", `{"sender":"VISITOR"}`)
	s.tellAt(noon.Add(time.Hour), a, "message.created", `{"sender":"USER","agentId":7,"firstResponseSeconds":60}`)
	s.tellAt(noon.Add(time.Hour), a, "message.created", `{"sender":"USER"}`)
	s.tellAt(
		noon.Add(time.Hour), a, "conversation.updated", `{"from":"OPEN","status":"CLOSED","resolutionSeconds":3600}`,
	)
	s.tellAt(
		noon.Add(time.Hour), a, "conversation.rated", `{"rating":2,"agentId":7,"ratedAt":"2026-03-29T13:05:00.000Z"}`,
	)
	s.tellAt(noon.Add(time.Hour), a, "conversation.rated", `{"rating":5}`)
	s.tellAt(noon.Add(25*time.Hour), a, "conversation.rated",
		`{"rating":4,"agentId":8,"ratedAt":"2026-03-30T13:05:00.000Z",`+
			`"previous":{"rating":2,"ratedAt":"2026-03-29T13:05:00.000Z","agentId":7}}`)
	s.tellAt(noon.Add(-365*24*time.Hour), a, "conversations.imported", `{"conversations":10}`)
	return s
}

func buckets(
	t *testing.T, s *mongostore.Store, website tenant.ID, from, to time.Time,
) map[statistics.Quarter]statistics.Bucket {
	t.Helper()
	all := map[statistics.Quarter]statistics.Bucket{}
	first, end := statistics.QuarterOf(from), statistics.QuarterOf(to)
	if err := s.Buckets(t.Context(), website, first, end, func(q statistics.Quarter, bucket statistics.Bucket) {
		all[q] = bucket
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func agents(t *testing.T, s *mongostore.Store, website tenant.ID, from, to time.Time) map[id.User]statistics.Bucket {
	t.Helper()
	all := map[id.User]statistics.Bucket{}
	first, end := statistics.QuarterOf(from), statistics.QuarterOf(to)
	if err := s.AgentBuckets(t.Context(), website, first, end, func(agent id.User, bucket statistics.Bucket) {
		sum := all[agent]
		sum.Add(bucket)
		all[agent] = sum
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEachRecordAddsToBucketsOnce applies a log in overlapping parts, some twice.
func TestEachRecordAddsToBucketsOnce(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	all := day(a)
	for _, part := range []source{all[:3], all[:3], all[1:5], all[:7], {}, all, all} {
		if err := s.Apply(t.Context(), "conversations", part); err != nil {
			t.Fatal(err)
		}
	}
	q, at := statistics.QuarterOf, noon.Add(time.Hour)
	seconds := func(s float64) statistics.Sketch {
		return statistics.Project([]statistics.Event{
			{Counts: contract.MessageCreatedCounts{FirstResponseSeconds: &s}},
		}).Buckets[statistics.BucketKey{Quarter: q(time.Time{})}].Responses
	}
	want := map[statistics.Quarter]statistics.Bucket{
		q(noon): {Opened: 1, Visitors: 1, VisitorMessages: 1},
		q(at): {
			AgentMessages: 2,
			Closed:        1,
			Stars:         map[int]int64{2: 0, 5: 1},
			Responses:     seconds(60),
			Resolutions:   seconds(3600),
		},
		q(noon.Add(25 * time.Hour)):        {Stars: map[int]int64{4: 1}},
		q(noon.Add(-365 * 24 * time.Hour)): {Imported: 10},
	}
	if got := buckets(t, s, a, noon.AddDate(-1, 0, -1), noon.AddDate(0, 0, 2)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	wantAgents := map[id.User]statistics.Bucket{
		7: {AgentMessages: 1, Responses: seconds(60), Stars: map[int]int64{2: 0}},
		8: {Stars: map[int]int64{4: 1}},
	}
	if got := agents(t, s, a, noon.AddDate(-1, 0, -1), noon.AddDate(0, 0, 2)); !reflect.DeepEqual(got, wantAgents) {
		t.Errorf("agents: got %+v\nwant %+v", got, wantAgents)
	}
	for name, none := range map[string]map[statistics.Quarter]statistics.Bucket{
		"before":       buckets(t, s, a, noon.AddDate(0, 0, -100), noon.Add(-15*time.Minute)),
		"another's":    buckets(t, s, b, noon.AddDate(-1, 0, -1), noon.AddDate(0, 0, 2)),
		"behind":       buckets(t, s, a, noon.Add(26*time.Hour), noon.AddDate(1, 0, 0)),
		"of no tenant": buckets(t, s, tenant.ID{}, noon.AddDate(-1, 0, -1), noon.AddDate(0, 0, 2)),
	} {
		if len(none) > 0 {
			t.Errorf("%s: %+v", name, none)
		}
	}
	if got := agents(t, s, b, noon.AddDate(-1, 0, -1), noon.AddDate(0, 0, 2)); len(got) > 0 {
		t.Errorf("another's agents: %+v", got)
	}
}

// TestAgentBucketsSpanPages reads more rows than fit on a page.
func TestAgentBucketsSpanPages(t *testing.T) {
	t.Parallel()
	s, a := open(t), storetest.Tenant(1)
	var log source
	want := map[id.User]statistics.Bucket{}
	for n := range 700 {
		at := noon.AddDate(0, 0, n%3)
		agent := id.User(n%350 + 1)
		log.tellAt(at, a, "message.created", `{"sender":"USER","agentId":`+fmt.Sprint(agent)+`}`)
		sum := want[agent]
		sum.AgentMessages++
		want[agent] = sum
	}
	if err := s.Apply(t.Context(), "conversations", log); err != nil {
		t.Fatal(err)
	}
	got := agents(t, s, a, noon, noon.AddDate(0, 0, 3))
	if !maps.EqualFunc(got, want, func(a, b statistics.Bucket) bool { return reflect.DeepEqual(a, b) }) {
		t.Errorf("%d agents, want %d", len(got), len(want))
	}
}
