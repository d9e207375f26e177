// Package installation keeps two installations out of one database, in which each would deliver the other's webhooks.
// Begin with New; a component calls Own before it starts.
package installation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/mongokit"
)

// errForeign says what to do if a database has another owner.
var errForeign = errors.New("the database belongs to another installation, which has other FIVECHAT_ASSERTION_KEYS: " +
	"set MONGODB_DATABASE to a name of your own, or MONGODB_ADOPT=true to take it over, for example after a restore")

// owner is the row that names the installation that a database belongs to. All components of an installation share
// their assertion keys, so a MAC made with them identifies it. After a rotation of the keys there are several.
type owner struct {
	ID   string   `bson:"_id"`
	MACs []string `bson:"macs"`
}

const (
	ownerID = "owner"
	purpose = "installation" // of the MACs
)

// Owner is the installation that a database belongs to.
type Owner struct {
	rows *mongokit.Global[owner]
}

// New declares the owner of a database, stored in the collection installation.
func New(db *mongokit.DB) Owner {
	return Owner{mongokit.GlobalOf[owner](db, "installation", "installation")}
}

// Own makes a new database the installation's that has the keys. It returns an error if the database belongs to another
// one, unless adopt is set. database is its name, for the error.
func (o Owner) Own(ctx context.Context, keys *identity.Keyring, database string, adopt bool) error {
	mine := keys.MAC(purpose)
	filter := bson.D{{Key: "_id", Value: ownerID}}
	stored, err := o.rows.Get(ctx, filter)
	if fault.Is(err, fault.NotFound) {
		err = o.rows.Insert(ctx, owner{ownerID, []string{mine}})
		if !mongokit.IsDuplicate(err) {
			return err
		}
		stored, err = o.rows.Get(ctx, filter) // another component was first
	}
	valid := func(mac string) bool { return keys.ValidMAC(mac, purpose) }
	switch {
	case err != nil:
		return err
	case slices.Contains(stored.MACs, mine):
		return nil
	case !adopt && !slices.ContainsFunc(stored.MACs, valid):
		return fmt.Errorf("database %s: %w", database, errForeign)
	}
	_, err = o.rows.Update(ctx, filter, bson.D{{Key: "$addToSet", Value: bson.D{{Key: "macs", Value: mine}}}})
	return err
}
