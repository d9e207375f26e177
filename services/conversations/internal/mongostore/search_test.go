package mongostore_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

// names are visitors by their ids.
type names map[id.Visitor]string

func (n names) Visitors(_ context.Context, _ tenant.ID, ids []id.Visitor) (found []conversations.Visitor, _ error) {
	for _, one := range ids {
		if name, known := n[one]; known {
			found = append(found, conversations.Visitor{ID: one, Name: name})
		}
	}
	return found, nil
}

func (names) VisitorByToken(context.Context, tenant.ID, string) (conversations.Addressee, error) {
	return conversations.Addressee{}, nil
}

func (names) AgentBegan(context.Context, tenant.ID, id.Visitor, string) error { return nil }

func (names) ImportVisitors(context.Context, tenant.ID, []conversations.ImportVisitor) ([]id.Visitor, error) {
	return nil, nil
}

// searched is a service over a store, and the store's rows.
type searched struct {
	*mongostore.Store
	service *conversations.Service
	rows    *mongokit.Collection[conversations.Conversation]
}

func openSearch(t *testing.T, visitors names) searched {
	t.Helper()
	db := storetest.DB(t, "conversations")
	store := mongostore.New(db, outbox.NewLog(db, storetest.Telemetry(t, "conversations")))
	rows := mongokit.Tenanted[conversations.Conversation](db, "conversations_conversations", "conversation")
	storetest.Ready(t, db)
	return searched{store, conversations.New(store, nil, visitors, conversations.Files{}, nil, nil, time.Now), rows}
}

// find returns the tokens that a search finds, in order.
func (s searched) find(t *testing.T, w tenant.ID, search string) []string {
	t.Helper()
	found, err := s.service.List(t.Context(), w, conversations.Filter{Search: search}, paging.Following{})
	if err != nil {
		t.Fatalf("%s: %v", search, err)
	}
	tokens := []string{}
	for _, c := range found.Rows {
		tokens = append(tokens, c.Token)
	}
	if int64(len(tokens)) != found.Total {
		t.Errorf("%s: %d rows of %d", search, len(tokens), found.Total)
	}
	return tokens
}

func TestSearchGrammar(t *testing.T) {
	t.Parallel()
	s, w := openSearch(t, nil), storetest.Tenant(1)
	conversation(t, s.Store, w, 1, "The broken atlas is out of stock")
	conversation(t, s.Store, w, 2, "stock out of globes, atlases too")
	conversation(t, s.Store, storetest.Tenant(2), 3, "broken atlas")
	change := conversations.Patch{}
	change.Tags.Set, change.Tags.V = true, []string{"stock room"}
	if _, err := s.service.Update(t.Context(), w, "conv_1_1", change); err != nil {
		t.Fatal(err)
	}
	for search, want := range map[string][]string{
		"atlas":                                {"conv_1_2", "conv_1_1"},
		"brok":                                 {"conv_1_1"},
		"brok ":                                {},
		"b":                                    {}, // too short for a beginning
		"br":                                   {"conv_1_1"},
		"broke":                                {"conv_1_1"},
		"brokx":                                {},
		"parcel":                               {},
		`"out of stock"`:                       {"conv_1_1"},
		`"stock out of"`:                       {"conv_1_2"},
		"stock -broken":                        {"conv_1_2"},
		"-broken":                              {"conv_1_2"},
		`atlas -"out of globes"`:               {"conv_1_1"},
		`tag:"stock room"`:                     {"conv_1_1"},
		`-tag:"stock room"`:                    {"conv_1_2"},
		"stock status:open":                    {"conv_1_2", "conv_1_1"},
		"stock status:closed":                  {},
		"assignee:none":                        {"conv_1_2", "conv_1_1"},
		"atlas before:2024-01-15":              {},
		"atlas after:2024-01-15":               {"conv_1_2", "conv_1_1"},
		"after:2024-01-15 before:2024-01-16":   {"conv_1_2", "conv_1_1"},
		"the broken atlas is out of stock the": {"conv_1_1"},
		"…":                                    {},
	} {
		if got := s.find(t, w, search); !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", search, got, want)
		}
	}
}

// TestVisitorsAreFoundByName: conversations are found by the facts about their visitor, also by from: alone.
func TestVisitorsAreFoundByName(t *testing.T) {
	t.Parallel()
	visitors := names{7: "Vera Winter"}
	s, w := openSearch(t, visitors), storetest.Tenant(1)
	conversation(t, s.Store, w, 1, "Is winter over?")
	if got := s.find(t, w, "vera"); len(got) > 0 {
		t.Fatalf("before: %v", got)
	}
	if err := s.service.IndexVisitors(t.Context(), w, []id.Visitor{7, 8}); err != nil {
		t.Fatal(err)
	}
	visitors[7] = "Vera Sommer"
	for range 2 { // repeated
		if err := s.service.IndexVisitors(t.Context(), w, []id.Visitor{7}); err != nil {
			t.Fatal(err)
		}
	}
	for search, want := range map[string]int{
		"vera": 1, "VER": 1, "sommer": 1, "from:sommer": 1, "from:winter": 1, "from:over": 0, "over -from:vera": 0,
	} {
		if got := s.find(t, w, search); len(got) != want {
			t.Errorf("%s finds %v", search, got)
		}
	}
}

// TestOldRowsAreAnalysedAgain: rows of an older version are found after the task has reached them, while messages are
// posted, and then no row is stale.
func TestOldRowsAreAnalysedAgain(t *testing.T) {
	t.Parallel()
	s, w := openSearch(t, names{7: "Vera"}), storetest.Tenant(1)
	const rows = 7
	for i := range int64(rows) {
		conversation(t, s.Store, w, i+1, "Where is the café?")
	}
	if _, err := s.rows.UpdateAll(t.Context(), w, nil, bson.D{
		{Key: "$set", Value: bson.D{{Key: "terms", Value: []string{"café"}}}},
		{Key: "$unset", Value: bson.D{{Key: "termsVersion", Value: ""}}},
	}); err != nil {
		t.Fatal(err)
	}
	m := conversations.Message{Content: "an atlas", SenderType: conversations.FromAgent}
	if _, _, err := s.Post(t.Context(), w, "conv_1_3", m, number); err != nil {
		t.Fatal(err)
	}
	if got := s.find(t, w, "where"); len(got) > 0 {
		t.Fatalf("before: %v", got)
	}
	var at int64
	steps := 0
	for range 10 {
		last, more, err := s.service.Reindex(t.Context(), at, 3, false)
		if err != nil {
			t.Fatal(err)
		}
		at = last
		if steps++; !more {
			break
		}
	}
	if steps != 3 {
		t.Errorf("%d steps of 3 rows for %d", steps, rows)
	}
	for search, want := range map[string]int{"where cafe": rows, "atlas café": 1, "from:vera": rows} {
		if got := s.find(t, w, search); len(got) != want {
			t.Errorf("%s finds %v", search, got)
		}
	}
	analysed, more, err := s.Analysed(t.Context(), 0, 100)
	if err != nil || more || len(analysed) != rows {
		t.Errorf("%d rows, %t, %v", len(analysed), more, err)
	}
	for _, c := range analysed {
		if c.TermsVersion != searchterms.Version {
			t.Errorf("the terms of %d are of version %d", c.ID, c.TermsVersion)
		}
	}
	if newest, err := s.Newest(t.Context()); err != nil || newest != rows {
		t.Errorf("the newest row is %d, %v", newest, err)
	}
}

// TestAllRowsAreAnalysedAgain: terms that were lost without a change of the version come back only if all rows are
// analysed.
func TestAllRowsAreAnalysedAgain(t *testing.T) {
	t.Parallel()
	s, w := openSearch(t, nil), storetest.Tenant(1)
	conversation(t, s.Store, w, 1, "Where is the café?")
	if _, err := s.rows.UpdateAll(t.Context(), w, nil,
		bson.D{{Key: "$set", Value: bson.D{{Key: "terms", Value: []string{}}}}}); err != nil {
		t.Fatal(err)
	}
	for _, all := range []bool{false, true} {
		if _, _, err := s.service.Reindex(t.Context(), 0, 3, all); err != nil {
			t.Fatal(err)
		}
		if got := s.find(t, w, "café"); (len(got) == 1) != all {
			t.Errorf("all %t: %v", all, got)
		}
	}
}

// TestPagesOfAPhrase: pages and cursors of a search with a phrase return each row once.
func TestPagesOfAPhrase(t *testing.T) {
	t.Parallel()
	s, w := openSearch(t, nil), storetest.Tenant(1)
	for i := range int64(9) {
		words := "out of stock"
		if i%2 == 1 {
			words = "stock out of"
		}
		conversation(t, s.Store, w, i+1, fmt.Sprint(words, " ", i))
	}
	want := []string{"conv_1_9", "conv_1_7", "conv_1_5", "conv_1_3", "conv_1_1"}
	list := func(window paging.Window) paging.Slice[conversations.Conversation] {
		t.Helper()
		found, err := s.service.List(t.Context(), w, conversations.Filter{Search: `"out of stock"`},
			paging.Following{Window: window})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	var byPage, byCursor []string
	for page := range paging.Number(4) {
		found := list(paging.Window{Page: page + 1, Limit: 2})
		if found.Total != 5 || found.Above {
			t.Errorf("page %d: %d rows in all", page+1, found.Total)
		}
		for _, c := range found.Rows {
			byPage = append(byPage, c.Token)
		}
	}
	cursor := paging.Newest.Start()
	for range 5 {
		found := list(paging.Window{Limit: 2, Cursor: cursor})
		for _, c := range found.Rows {
			byCursor = append(byCursor, c.Token)
		}
		if cursor = found.Next; cursor == (paging.Cursor{}) {
			break
		}
	}
	if !slices.Equal(byPage, want) || !slices.Equal(byCursor, want) {
		t.Errorf("by page %v, by cursor %v, want %v", byPage, byCursor, want)
	}
}

// TestTotalsLeaveSpamOut: the total of a search without spam is that of its rows, with and without conversations there.
func TestTotalsLeaveSpamOut(t *testing.T) {
	t.Parallel()
	s, w := openSearch(t, nil), storetest.Tenant(1)
	no := false
	total := func(search string, statuses ...conversations.Status) int64 {
		t.Helper()
		f := conversations.Filter{Search: search, Spam: &no, Statuses: statuses}
		found, err := s.service.List(t.Context(), w, f, paging.Following{})
		if err != nil || found.Total != int64(len(found.Rows)) {
			t.Fatalf("%q: total %d, %d rows, %v", search, found.Total, len(found.Rows), err)
		}
		return found.Total
	}
	for i := range int64(5) {
		conversation(t, s.Store, w, i+1, "Cheap atlases!")
	}
	if got := total("cheap"); got != 5 {
		t.Errorf("before: %d", got)
	}
	for _, token := range []string{"conv_1_2", "conv_1_4"} {
		_, err := s.Save(t.Context(), w, token,
			func(c conversations.Conversation) (conversations.Conversation, []conversations.Event, error) {
				c.Status, c.Folder = conversations.Closed, conversations.Spam
				return c, nil, nil
			})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		search   string
		statuses []conversations.Status
		want     int64
	}{
		{"cheap", nil, 3},
		{"cheap", []conversations.Status{conversations.Closed}, 0},
		{"cheap", []conversations.Status{conversations.Open, conversations.Closed}, 3},
		{"cheap -atlases", nil, 0},
		{"expensive", nil, 0},
	} {
		if got := total(c.search, c.statuses...); got != c.want {
			t.Errorf("%s %v: %d, want %d", c.search, c.statuses, got, c.want)
		}
	}
}

// TestBestFirst: conversations with the exact word come before those with another form, page by page.
func TestBestFirst(t *testing.T) {
	t.Parallel()
	s, w := openSearch(t, nil), storetest.Tenant(1)
	for i, content := range []string{"a parcel", "two parcels", "a parcel again", "parcels", "parcelforce", "tea"} {
		conversation(t, s.Store, w, int64(i+1), content)
	}
	no := false
	for search, want := range map[string][]string{
		"parcel":  {"conv_1_3", "conv_1_1", "conv_1_5", "conv_1_4", "conv_1_2"},
		"parcel ": {"conv_1_3", "conv_1_1", "conv_1_4", "conv_1_2"},
		"tea":     {"conv_1_6"},
		"globe":   nil,
	} {
		window := paging.Following{Window: paging.Window{Limit: 2, Order: paging.Best}}
		var got []string
		for pages := 0; pages < 6; pages++ {
			found, err := s.service.List(t.Context(), w, conversations.Filter{Search: search, Spam: &no}, window)
			if err != nil {
				t.Fatalf("%s: %v", search, err)
			}
			if pages == 0 && found.Total != int64(len(want)) {
				t.Errorf("%s: total %d", search, found.Total)
			}
			for _, c := range found.Rows {
				got = append(got, c.Token)
			}
			if window.Cursor = found.Next; !found.More {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", search, got, want)
		}
	}
}
