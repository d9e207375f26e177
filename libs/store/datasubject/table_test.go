package datasubject_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
)

type box struct {
	ID        int64     `bson:"_id"`
	Website   tenant.ID `bson:"websiteId"`
	Owner     int64     `bson:"owner"`
	CreatedAt time.Time `bson:"createdAt"`
	Secret    string    `bson:"secret"`
	NeverAt   time.Time `bson:"neverAt"`
	Nested    bson.M    `bson:"nested"`
}

type thing struct {
	ID      int64     `bson:"_id"`
	Website tenant.ID `bson:"websiteId"`
	Box     int64     `bson:"boxId"`
	Text    string    `bson:"text"`
}

// boxes stores a box per count in website 1, each with that many things, and one box in website 2.
func boxes(t *testing.T, counts ...int) datasubject.Tables {
	t.Helper()
	db, _ := storetest.Connect(t, storetest.Database())
	newest := mongokit.Index{Keys: bson.D{{Key: "createdAt", Value: -1}, {Key: "_id", Value: -1}}}
	all := mongokit.Tenanted[box](db, "test_boxes", "box", newest)
	things := mongokit.Tenanted[thing](db, "test_things", "thing",
		mongokit.Index{Keys: bson.D{{Key: "boxId", Value: 1}, {Key: "_id", Value: 1}}})
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := int64(0)
	put := func(w, id int64, n int) {
		b := box{
			id,
			storetest.Website(w),
			1 + id%2,
			storetest.Noon,
			"hidden",
			time.Time{},
			bson.M{"a": bson.A{1.5, true, nil}},
		}
		rows := make([]thing, n)
		for i := range rows {
			next++
			rows[i] = thing{next, storetest.Website(w), id, strings.Repeat("x", 2_000)}
		}
		if err := all.Insert(t.Context(), storetest.Website(w), b); err != nil {
			t.Fatal(err)
		}
		if err := things.Insert(t.Context(), storetest.Website(w), rows...); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range counts {
		put(1, int64(i+1), n)
	}
	put(2, 1_000, 3)
	under := datasubject.Table{Kind: "thing", By: "boxId"}.In(db, "test_things")
	return datasubject.Tables{
		datasubject.Table{Kind: "label", Small: true}.In(db, "test_labels"),
		datasubject.Table{Kind: "box", Visitor: "owner", Omit: []string{"secret"}, Under: &under}.In(db, "test_boxes"),
		datasubject.Table{Kind: "lid"}.In(db, "test_lids"),
	}
}

// exported reads an export page by page and returns the rows in order: each box with its things.
func exported(t *testing.T, all datasubject.Tables, of subject.Subject) (order []string, pages int) {
	t.Helper()
	after := ""
	for page := range storetest.Pages(t) {
		found, err := all.Export(t.Context(), of, after)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, raw := range found.Rows {
			var row struct {
				Kind      string
				ID, BoxID int64
			}
			if err := json.Unmarshal(raw, &row); err != nil {
				t.Fatal(err)
			}
			size += len(raw)
			if row.Kind == "box" {
				order = append(order, fmt.Sprint("box ", row.ID))
			} else {
				order = append(order, fmt.Sprint("thing ", row.BoxID, " ", row.ID))
			}
		}
		if len(found.Rows) > 250 || size > 1<<20+4_000 {
			t.Errorf("a page of %d rows and %d bytes", len(found.Rows), size)
		}
		if after = found.Next; after == "" {
			return order, page + 1
		}
	}
	return order, pages
}

func TestExportIsCompleteForAnyPageSize(t *testing.T) {
	t.Parallel()
	counts := []int{0, 1, 49, 50, 51, 249, 250, 251, 600, 0}
	for range 260 {
		counts = append(counts, 0)
	}
	for range 60 {
		counts = append(counts, 5)
	}
	tables := boxes(t, counts...)
	for visitor := range int64(4) {
		of := subject.Website(storetest.Website(1)) // in place of visitor 0
		if visitor != 0 {
			of = subject.Visitor(storetest.Website(1), id.Visitor(visitor))
		}
		var want []string
		for box := len(counts); box >= 1; box-- {
			if visitor != 0 && int64(1+box%2) != visitor {
				continue
			}
			want = append(want, fmt.Sprint("box ", box))
			first := 1
			for _, n := range counts[:box-1] {
				first += n
			}
			for i := range counts[box-1] {
				want = append(want, fmt.Sprintf("thing %d %d", box, first+i))
			}
		}
		if got, pages := exported(t, tables, of); !slices.Equal(got, want) || visitor == 0 && pages < 8 {
			t.Errorf("visitor %d: %d rows on %d pages, want %d rows", visitor, len(got), pages, len(want))
		}
	}
	for _, place := range []string{"x", "1.2.3", "-1.0.0.0.0"} {
		if _, err := tables.Export(t.Context(), subject.Website(storetest.Website(1)), place); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", place, err)
		}
	}
	page, err := tables.Export(t.Context(), subject.Website(storetest.Website(1)), "99.0.0.0.0")
	if err != nil || len(page.Rows) > 0 || page.Next != "" {
		t.Errorf("after the end: %+v, %v", page, err)
	}
}

func TestRowIsExportedAsStored(t *testing.T) {
	t.Parallel()
	page, err := boxes(t, 1).Export(t.Context(), subject.Website(storetest.Website(1)), "")
	if err != nil || len(page.Rows) != 2 {
		t.Fatalf("%+v, %v", page, err)
	}
	want := `{"kind":"box","id":1,"websiteId":1,"owner":2,"createdAt":"` + storetest.Noon.Format(
		"2006-01-02T15:04:05.000Z",
	) +
		`","neverAt":null,"nested":{"a":[1.5,true,null]}}`
	if got := string(page.Rows[0]); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestTablesAreErasedInBatches(t *testing.T) {
	t.Parallel()
	tables := boxes(t, 1_200, 3)
	batches := 0
	for batch := range storetest.Pages(t) {
		more, err := tables.Erase(t.Context(), storetest.Website(1))
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			batches = batch + 1
			break
		}
	}
	if batches != 4 { // boxes, a thousand things, the rest, nothing
		t.Errorf("%d batches", batches)
	}
	if rows, _ := exported(t, tables, subject.Website(storetest.Website(1))); len(rows) > 0 {
		t.Errorf("left: %v", rows)
	}
	page, err := tables.Export(t.Context(), subject.Website(storetest.Website(2)), "")
	if err != nil || len(page.Rows) != 4 {
		t.Errorf("the other website has %d rows, %v", len(page.Rows), err)
	}
}
