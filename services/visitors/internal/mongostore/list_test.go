package mongostore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/visitors"
	"fivechat.dev/services/visitors/internal/mongostore"
)

func asking(text string) searchquery.Query {
	q, err := searchquery.Parse(text)
	if err != nil {
		panic(err)
	}
	return q
}

// listed stores visitors 0 to 5 of a website, and returns their numbers: 0 has never been seen, 1 was seen last, 5
// first. 1 and 2 are online, on /shop/atlas and /. 2 and 4 are verified. Their names are Vera 0 to Vera 5.
func (f fixture) listed(t *testing.T, w tenant.ID) (ids []id.Visitor) {
	t.Helper()
	for n := range 6 {
		v := f.visitor(t, w)
		v.Name, v.CreatedAt, v.LastSeenAt = fmt.Sprint("Vera ", n), day.Add(time.Duration(n)*time.Second), time.Time{}
		if n > 0 {
			v.LastSeenAt = day.Add(time.Duration(n) * -time.Hour)
		}
		v.PagePath = map[int]string{1: "/shop/atlas", 2: "/", 4: "/shop"}[n]
		if n == 2 || n == 4 {
			user := fmt.Sprint("user", n)
			v.Identity = &visitors.Identity{UserID: user, Email: user + "@shop.example", Name: "Zoë", Verified: true}
			v.VerifiedUser = user
		}
		if err := f.Create(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, v.ID)
	}
	return ids
}

// TestListOrdersAndFilters lists by page and by cursor, a row at a time, and compares the total with the rows.
func TestListOrdersAndFilters(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ids := s.listed(t, one)
	s.listed(t, two)
	online, yes, no := day.Add(-150*time.Minute), true, false
	for name, c := range map[string]struct {
		f     visitors.Filter
		order paging.Order
		want  []int
	}{
		"newest":             {visitors.Filter{}, paging.Newest, []int{5, 4, 3, 2, 1, 0}},
		"oldest":             {visitors.Filter{}, paging.Oldest, []int{0, 1, 2, 3, 4, 5}},
		"seen":               {visitors.Filter{}, paging.Seen, []int{1, 2, 3, 4, 5}},
		"online":             {visitors.Filter{SeenSince: online}, paging.Newest, []int{2, 1}},
		"online, seen":       {visitors.Filter{SeenSince: online}, paging.Seen, []int{1, 2}},
		"offline":            {visitors.Filter{UnseenSince: online}, paging.Newest, []int{5, 4, 3, 0}},
		"offline, seen":      {visitors.Filter{UnseenSince: online}, paging.Seen, []int{3, 4, 5}},
		"verified":           {visitors.Filter{Verified: &yes}, paging.Newest, []int{4, 2}},
		"verified, seen":     {visitors.Filter{Verified: &yes}, paging.Seen, []int{2, 4}},
		"not verified":       {visitors.Filter{Verified: &no}, paging.Oldest, []int{0, 1, 3, 5}},
		"on a page":          {visitors.Filter{SeenSince: online, Page: "/shop"}, paging.Seen, []int{1}},
		"on a page, escaped": {visitors.Filter{SeenSince: online, Page: "/sh.p"}, paging.Seen, nil},
		"a word":             {visitors.Filter{Query: asking("vera ")}, paging.Newest, []int{5, 4, 3, 2, 1, 0}},
		"a beginning":        {visitors.Filter{Query: asking("ver")}, paging.Oldest, []int{0, 1, 2, 3, 4, 5}},
		"an address":         {visitors.Filter{Query: asking("user4@shop.example")}, paging.Newest, []int{4}},
		"another spelling":   {visitors.Filter{Query: asking("zoe ")}, paging.Newest, []int{4, 2}},
		"a user, online":     {visitors.Filter{Query: asking("zoe "), SeenSince: online}, paging.Seen, []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := func(window paging.Window) paging.Slice[visitors.Visitor] {
				window.Limit, window.Order = 1, c.order
				found, err := s.List(t.Context(), one, c.f, paging.Following{Window: window})
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			var byPage, byCursor []int
			total := list(paging.Window{}).Total
			for page := range paging.Number(len(c.want)) {
				for _, v := range list(paging.Window{Page: page + 1}).Rows {
					byPage = append(byPage, slices.Index(ids, v.ID))
				}
			}
			for at := c.order.Start(); at.ID != 0; {
				found := list(paging.Window{Cursor: at})
				for _, v := range found.Rows {
					byCursor = append(byCursor, slices.Index(ids, v.ID))
				}
				at = found.Next
			}
			if !slices.Equal(byPage, c.want) || !slices.Equal(byCursor, c.want) || total != int64(len(c.want)) {
				t.Errorf("by page %v, by cursor %v, %d in all, want %v", byPage, byCursor, total, c.want)
			}
		})
	}
}

// TestSearchFollowsChangesAndErasure: a changed name is found, a former one isn't, and neither is an erased visitor.
func TestSearchFollowsChangesAndErasure(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	v := s.create(t, one)
	found := func(text string) int64 {
		t.Helper()
		list, err := s.List(t.Context(), one, visitors.Filter{Query: asking(text)}, paging.Following{})
		if err != nil {
			t.Fatal(err)
		}
		return list.Total
	}
	if _, err := s.Save(t.Context(), one, v.Token, func(v visitors.Visitor) (visitors.Visitor, error) {
		v.Name = "Müller"
		return v, nil
	}); err != nil {
		t.Fatal(err)
	}
	if found("mueller ") != 1 || found("ann ") != 0 {
		t.Errorf("found as Müller: %d, as Ann: %d", found("mueller "), found("ann "))
	}
	storetest.Erase(t, s, subject.Visitor(one, v.ID))
	if found("mueller ") != 0 {
		t.Error("an erased visitor is found")
	}
}

// TestReindexing: visitors that an older version has stored are found once they were analysed, whatever their number.
func TestReindexing(t *testing.T) {
	t.Parallel()
	db := storetest.DB(t, "visitors")
	s := fixture{Store: mongostore.New(db, outbox.NewLog(db, storetest.Telemetry(t, "visitors")))}
	storetest.Ready(t, db)
	s.listed(t, one)
	rows := mongokit.GlobalOf[struct{}](db, "visitors_visitors", "visitor")
	for n := range 6 {
		if _, err := rows.Update(t.Context(), bson.D{{Key: "_id", Value: n + 1}},
			bson.D{{Key: "$unset", Value: bson.D{{Key: "search", Value: ""}}}}); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int64 {
		t.Helper()
		found, err := s.List(t.Context(), one, visitors.Filter{Query: asking("vera ")}, paging.Following{})
		if err != nil {
			t.Fatal(err)
		}
		return found.Total
	}
	if n := count(); n != 0 {
		t.Fatalf("%d are found without terms", n)
	}
	service := visitors.New(s, nil, nil, nil, nil, nil, time.Now)
	at := int64(0)
	for _, want := range []bool{true, false} { // more follow
		last, more, err := service.Reindex(t.Context(), at, 4, false)
		if at = last; err != nil || more != want {
			t.Fatal(at, more, err)
		}
	}
	if n := count(); n != 6 {
		t.Errorf("%d are found", n)
	}
	analysed, _, err := s.Analysed(t.Context(), 0, 100)
	if err != nil || slices.ContainsFunc(analysed, func(v visitors.Visitor) bool {
		return v.Search == nil || v.Search.Version < searchterms.Version
	}) {
		t.Errorf("rows of an older version are left: %v, %v", analysed, err)
	}
}
