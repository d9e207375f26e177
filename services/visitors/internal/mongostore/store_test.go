package mongostore_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/visitors"
	"fivechat.dev/services/visitors/internal/mongostore"
)

var (
	one, two = storetest.Tenant(1), storetest.Tenant(2)
	day      = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
)

// fixture is a store with the log that it writes.
type fixture struct {
	*mongostore.Store
	outbox *mongokit.Global[outbox.Record]
}

func newStore(t *testing.T) fixture {
	t.Helper()
	db := storetest.DB(t, "visitors")
	s := mongostore.New(db, outbox.NewLog(db, storetest.Telemetry(t, "visitors")))
	storetest.Ready(t, db)
	return fixture{s, mongokit.GlobalOf[outbox.Record](db, "visitors_outbox", "event")}
}

// published returns the events so far: type, website, key and data.
func (f fixture) published(t *testing.T) []string {
	t.Helper()
	rows, err := f.outbox.List(t.Context(), bson.D{}, mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range rows {
		all = append(all, fmt.Sprint(r.Type, " ", r.Website, " ", r.Key, " ", r.Data))
	}
	return all
}

func (f fixture) visitor(t *testing.T, of tenant.ID) visitors.Visitor {
	t.Helper()
	id, err := f.Reserve(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return visitors.Visitor{
		ID:         id,
		WebsiteID:  of,
		Token:      fmt.Sprint("vis_", id),
		Name:       "Ann",
		Context:    "{}",
		LastSeenAt: day,
		CreatedAt:  day,
		UpdatedAt:  day,
	}
}

func (f fixture) create(t *testing.T, of tenant.ID) visitors.Visitor {
	t.Helper()
	v := f.visitor(t, of)
	if err := f.Create(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

func want[T any](t *testing.T, got T, err error, wanted T) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, wanted) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, wanted)
	}
}

func wantDone(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func wantKind(t *testing.T, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("got %v, want %s", err, k.Code())
	}
}

func TestCreatedVisitorIsFound(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	a, b := s.create(t, one), s.create(t, one)

	got, err := s.ByToken(ctx, one, a.Token)
	want(t, got, err, a)
	_, err = s.ByToken(ctx, one, "vis_unknown")
	wantKind(t, err, fault.NotFound)
	owner, visitor, err := s.Owner(ctx, b.Token)
	if owner != one || visitor != (visitors.Owner{ID: b.ID}) || err != nil {
		t.Errorf("owner %v, visitor %v, %v", owner, visitor, err)
	}
	_, _, err = s.Owner(ctx, "vis_unknown")
	wantKind(t, err, fault.NotFound)
	several, err := s.ByIDs(ctx, one, []id.Visitor{b.ID, 999})
	want(t, several, err, []visitors.Visitor{b})
	page, err := s.List(ctx, one, visitors.Filter{}, paging.Following{})
	want(t, page.Rows, err, []visitors.Visitor{b, a})
	want(t, s.published(t), nil, []string{
		fmt.Sprintf(`visitor.created 1 %d {"visitorId":%d}`, a.ID, a.ID),
		fmt.Sprintf(`visitor.created 1 %d {"visitorId":%d}`, b.ID, b.ID),
	})
}

// TestSecretIsSetOnce: a token gets a secret once. A token that was created with a secret, or that is unknown, gets
// none.
func TestSecretIsSetOnce(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	before := s.create(t, one)
	made := s.visitor(t, one)
	made.SecretHash = "made"
	if err := s.Create(ctx, made); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		token, hash string
		set         bool
		want        string
	}{
		{before.Token, "first", true, "first"},
		{before.Token, "second", false, "first"},
		{made.Token, "third", false, "made"},
		{"vis_unknown", "x", false, ""},
	} {
		set, err := s.SetSecret(ctx, c.token, c.hash)
		if set != c.set || err != nil {
			t.Errorf("%s: set %t, %v", c.hash, set, err)
		}
		if _, owner, _ := s.Owner(ctx, c.token); owner.SecretHash != c.want {
			t.Errorf("%s: have %q, want %q", c.hash, owner.SecretHash, c.want)
		}
	}
	if got, err := s.ByToken(ctx, one, made.Token); err != nil || got.SecretHash != "" {
		t.Errorf("the visitor's row has the hash: %+v, %v", got, err)
	}
}

func TestPresenceIsNotedAtIntervals(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	a, b := s.create(t, one), s.create(t, one)
	later := day.Add(20 * time.Second)
	noted, err := s.Seen(ctx, one, a.ID, later, later.Add(-15*time.Second))
	want(t, noted, err, true)
	soon := later.Add(14 * time.Second)
	noted, err = s.Seen(ctx, one, a.ID, soon, soon.Add(-15*time.Second))
	want(t, noted, err, false) // too soon
	a.LastSeenAt = later
	got, err := s.ByToken(ctx, one, a.Token)
	want(t, got, err, a)

	for since, n := range map[time.Time]int64{
		day: 2, day.Add(time.Millisecond): 1, later: 1,
		later.Add(time.Millisecond): 0,
	} {
		got, err := s.CountSeen(ctx, one, since)
		want(t, got, err, n)
	}
	page, err := s.List(ctx, one, visitors.Filter{SeenSince: later}, paging.Following{})
	want(t, page.Rows, err, []visitors.Visitor{a})
	want(t, page.Total, err, 1)
	page, err = s.List(ctx, one, visitors.Filter{UnseenSince: later}, paging.Following{})
	want(t, page.Rows, err, []visitors.Visitor{b})
	page, err = s.List(ctx, one, visitors.Filter{SeenSince: day},
		paging.Following{Window: paging.Window{Limit: 1, Cursor: paging.Cursor{At: day, ID: int64(b.ID)}}})
	want(t, page.Rows, err, []visitors.Visitor{a})
}

func TestSaveStoresChangeAndEvent(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	v := s.create(t, one)
	_, err := s.Save(ctx, one, v.Token,
		func(v visitors.Visitor) (visitors.Visitor, error) { return v, fault.Bad("name", "is wrong") })
	wantKind(t, err, fault.Invalid)
	_, err = s.Save(ctx, one, "vis_unknown", func(v visitors.Visitor) (visitors.Visitor, error) { return v, nil })
	wantKind(t, err, fault.NotFound)
	city := "Bern"
	v.Name, v.Context, v.City = "Anna", `{"a":1}`, &city
	got, err := s.Save(ctx, one, v.Token, func(visitors.Visitor) (visitors.Visitor, error) { return v, nil })
	v.Version = 1
	want(t, got, err, v)
	got, err = s.ByToken(ctx, one, v.Token)
	want(t, got, err, v)
	want(t, s.published(t)[1:], nil, []string{fmt.Sprintf(`visitor.updated 1 %d {"visitorId":%d}`, v.ID, v.ID)})
}

func TestConcurrentSavesAllApply(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	v := s.create(t, one)
	const n = 32
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			p := visitors.Patch{Context: visitorcontext.Context{fmt.Sprint("k", i): []byte("1")}}
			if _, err := s.Save(t.Context(), one, v.Token, p.Apply); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := s.ByToken(t.Context(), one, v.Token)
	expected := visitorcontext.Context{}
	for i := range n {
		expected[fmt.Sprint("k", i)] = []byte("1")
	}
	merged, _ := visitorcontext.Merge("{}", expected)
	want(t, got.Context, err, merged)
	want(t, len(s.published(t)), nil, n+1)
}

func TestImportIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	row := func(of tenant.ID, key string) visitors.Visitor {
		v := s.visitor(t, of)
		v.ImportKey = key
		return v
	}
	a, b := row(one, "a"), row(one, "b")
	wantDone(t, s.Import(ctx, one, []visitors.Visitor{a, b}))
	ids, err := s.Imported(ctx, one, []string{"a", "b", "c"})
	want(t, ids, err, map[string]id.Visitor{"a": a.ID, "b": b.ID})
	got, err := s.ByToken(ctx, one, a.Token)
	want(t, got, err, a)

	wantKind(t, s.Import(ctx, one, []visitors.Visitor{row(one, "c"), row(one, "b")}), fault.Conflict)
	ids, err = s.Imported(ctx, one, []string{"c"})
	want(t, ids, err, map[string]id.Visitor{}) // all or none
	wantDone(t, s.Import(ctx, two, []visitors.Visitor{row(two, "a")}))
	published := s.published(t)
	want(t, len(published), nil, 2)
	want(t, published[0], nil, fmt.Sprintf(`visitors.imported 1 -1 {"visitors":2,"visitorIds":[%d,%d]}`, a.ID, b.ID))
}

// TestConcurrentImportsCreateEachVisitorOnce imports overlapping keys concurrently: each key becomes one visitor, each
// import returns the same id for it, and the events count each visitor once.
func TestConcurrentImportsCreateEachVisitorOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	service := visitors.New(s, nil, nil, nil, nil, nil, time.Now)
	rows := make(visitors.ImportRows, 40)
	for i := range rows {
		rows[i].Key = fmt.Sprint("k", i)
	}
	answers := make([][]visitors.Imported, 6)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			var err error
			if answers[i], err = service.Import(t.Context(), one, rows); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, a := range answers[1:] {
		want(t, a, nil, answers[0])
	}
	page, err := s.List(t.Context(), one, visitors.Filter{}, paging.Following{})
	want(t, page.Total, err, 40)
	published := s.published(t)
	if len(published) != 1 || !strings.HasPrefix(published[0], `visitors.imported 1 -1 {"visitors":40,"visitorIds":[`) {
		t.Errorf("published %v", published)
	}
}

// TestIsolation calls the store for each website's visitors as the other website: nothing is found and
// nothing changes.
func TestIsolation(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	for _, roles := range []struct{ owner, other tenant.ID }{{one, two}, {two, one}} {
		v := s.visitor(t, roles.owner)
		v.ImportKey = "same"
		wantDone(t, s.Import(ctx, roles.owner, []visitors.Visitor{v}))
		published := s.published(t)

		_, err := s.ByToken(ctx, roles.other, v.Token)
		wantKind(t, err, fault.NotFound)
		_, err = s.Save(ctx, roles.other, v.Token,
			func(v visitors.Visitor) (visitors.Visitor, error) { v.Name = "stolen"; return v, nil })
		wantKind(t, err, fault.NotFound)
		noted, err := s.Seen(ctx, roles.other, v.ID, day.Add(time.Hour), day.Add(time.Hour))
		want(t, noted, err, false)
		_, err = s.Presence(ctx, roles.other, v.ID)
		wantKind(t, err, fault.NotFound)
		wantDone(t, s.SetAgentConversation(ctx, roles.other, v.ID, "conv_stolen"))
		several, err := s.ByIDs(ctx, roles.other, []id.Visitor{v.ID})
		want(t, len(several), err, 0)
		ids, err := s.Imported(ctx, roles.other, []string{"same"})
		if ids["same"] == v.ID || err != nil {
			t.Errorf("%v, %v", ids, err)
		}
		if s.Create(ctx, visitors.Visitor{ID: v.ID + 1000, Token: "vis_nobodys"}) == nil {
			t.Error("a visitor of no website was stored")
		}

		got, err := s.ByToken(ctx, roles.owner, v.Token)
		want(t, got, err, v)
		n, err := s.CountSeen(ctx, roles.owner, day)
		want(t, n, err, 1)
		want(t, s.published(t), nil, published)
	}
}

// TestAgentConversationIsNoState: it changes neither the version nor the time of the last change, and is no event.
func TestAgentConversationIsNoState(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	v := s.create(t, one)
	published := s.published(t)
	for _, conversation := range []string{"conv_a", "conv_b"} {
		wantDone(t, s.SetAgentConversation(ctx, one, v.ID, conversation))
		v.AgentConversation = conversation
		got, err := s.ByToken(ctx, one, v.Token)
		want(t, got, err, v)
		present, err := s.Presence(ctx, one, v.ID)
		want(t, present.AgentConversation, err, conversation)
		want(t, present.LastSeenAt, nil, v.LastSeenAt)
	}
	want(t, s.published(t), nil, published)
}

func TestSaveRequiresTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	v := s.create(t, one)
	storetest.Guarded(t, func(ctx context.Context) (version.Of, error) {
		v, err := s.ByToken(ctx, one, v.Token)
		return v.Revision(), err
	}, func(ctx context.Context) error {
		_, err := s.Save(ctx, one, v.Token,
			func(v visitors.Visitor) (visitors.Visitor, error) { v.Name += "x"; return v, nil })
		return err
	}, nil)
	before, err := s.ByToken(t.Context(), one, v.Token)
	wantDone(t, err)
	_, err = s.Seen(t.Context(), one, v.ID, day.Add(time.Hour), day.Add(time.Minute))
	wantDone(t, err)
	after, err := s.ByToken(t.Context(), one, v.Token)
	want(t, after.Revision(), err, before.Revision())
}

func TestListInTheOrderOfChanges(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var rows []visitors.Visitor
	for range 7 {
		rows = append(rows, s.create(t, one))
		s.create(t, two)
	}
	storetest.Follow(t, storetest.Followed[visitors.Visitor]{
		Rows: len(rows),
		Change: func(row int, at time.Time) error {
			_, err := s.Save(t.Context(), one, rows[row].Token,
				func(v visitors.Visitor) (visitors.Visitor, error) { v.UpdatedAt = at; return v, nil })
			return err
		},
		List: func(w paging.Following) (paging.Slice[visitors.Visitor], error) {
			return s.List(t.Context(), one, visitors.Filter{SeenSince: day}, w)
		},
	})
}
