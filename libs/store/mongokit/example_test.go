package mongokit_test

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
)

type task struct {
	ID      int64     `bson:"_id"`
	Website tenant.ID `bson:"websiteId"`
	Title   string    `bson:"title"`
}

// Every method of a tenant's collection takes the tenant and adds it to the query, so that one tenant never gets a row
// of another.
func ExampleTenanted() {
	ctx := context.Background()
	db, _, closeDB := storetest.Open() // a service gets its DB from servicekit
	defer closeDB()
	tasks := mongokit.Tenanted[task](db, "example_tasks", "task",
		mongokit.Index{Keys: bson.D{{Key: "title", Value: 1}}})
	if err := db.EnsureIndexes(ctx); err != nil {
		panic(err)
	}
	ours, theirs := storetest.Website(1), storetest.Website(2)
	if err := tasks.Insert(ctx, ours, task{ID: 7, Website: ours, Title: "Answer Ann"}); err != nil {
		panic(err)
	}

	byTitle := bson.D{{Key: "title", Value: "Answer Ann"}}
	found, err := tasks.Get(ctx, ours, byTitle)
	fmt.Println(found.ID, err)
	_, err = tasks.Get(ctx, theirs, byTitle)
	fmt.Println(fault.From(err).Message)

	// Output:
	// 7 <nil>
	// task not found
}
