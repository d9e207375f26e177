package outbox_test

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
)

type ticket struct {
	ID      id.Ticket `bson:"_id"`
	Website tenant.ID `bson:"websiteId"`
}

// A change and its event are written in one transaction, so that neither exists without the other.
func ExampleLog_Append() {
	ctx := context.Background()
	db, tele, closeDB := storetest.Open() // a service gets both from servicekit
	defer closeDB()
	tickets := mongokit.Tenanted[ticket](db, "example_tickets", "ticket")
	log := outbox.NewLog(db, tele)
	if err := db.EnsureIndexes(ctx); err != nil {
		panic(err)
	}
	website := storetest.Website(1)
	if err := tickets.Insert(ctx, website, ticket{7, website}, ticket{8, website}); err != nil {
		panic(err)
	}
	remove := func(ticket id.Ticket, failure error) error {
		return db.Tx(ctx, func(ctx context.Context) error {
			if _, err := tickets.Delete(ctx, website, bson.D{{Key: "_id", Value: ticket}}); err != nil {
				return err
			}
			event := contract.TicketDeletedData{TicketID: ticket}
			return errors.Join(log.Append(ctx, website, int64(ticket), event), failure)
		})
	}
	fmt.Println(remove(7, nil))
	fmt.Println(remove(8, errors.New("refused")))

	err := log.Later(ctx, website, []int64{7, 8}, 0, func(records []outbox.Record) error {
		for _, r := range records {
			fmt.Println(r.Type, r.Data)
		}
		return nil
	})
	stored, countErr := tickets.Count(ctx, website, nil)
	fmt.Println(stored, errors.Join(err, countErr))

	// Output:
	// <nil>
	// refused
	// ticket.deleted {"ticketId":"7"}
	// 1 <nil>
}
