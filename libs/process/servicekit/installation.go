package servicekit

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

const ownerID = "owner"

// ownDatabase makes a new database the installation's own. It returns an error if it belongs to another one, unless
// adopt is set: two installations in one database would deliver each other's webhooks.
func ownDatabase(
	ctx context.Context, owners *mongokit.Global[owner], keys *identity.Keyring, database string, adopt bool,
) error {
	mine := keys.MAC("installation", database)
	filter := bson.D{{Key: "_id", Value: ownerID}}
	stored, err := owners.Get(ctx, filter)
	if fault.Is(err, fault.NotFound) {
		if err = owners.Insert(ctx, owner{ownerID, []string{mine}}); mongokit.IsDuplicate(err) {
			stored, err = owners.Get(ctx, filter) // another component was first
		} else {
			return err
		}
	}
	valid := func(mac string) bool { return keys.ValidMAC(mac, "installation", database) }
	switch {
	case err != nil:
		return err
	case slices.Contains(stored.MACs, mine):
		return nil
	case !adopt && !slices.ContainsFunc(stored.MACs, valid):
		return fmt.Errorf("database %s: %w", database, errForeign)
	}
	_, err = owners.Update(ctx, filter, bson.D{{Key: "$addToSet", Value: bson.D{{Key: "macs", Value: mine}}}})
	return err
}
