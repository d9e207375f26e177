package mongokit

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"fivechat.dev/libs/kernel/tenant"
)

// embedded is the module by which the embedded store names itself.
const embedded = "embedmongo"

// codeUnknown is MongoDB's code for a command that it does not know.
const codeUnknown = 59

// PurgeDeleted asks an embedded store to remove what has been deleted by now from all its files, which it does within 10
// minutes. MongoDB has no such command: what it keeps, and for how long, is the operator's to configure.
func (db *DB) PurgeDeleted(ctx context.Context) error {
	admin := db.client.Database("admin")
	var build struct {
		Modules []string `bson:"modules"`
	}
	err := admin.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&build)
	if err == nil && slices.Contains(build.Modules, embedded) {
		err = admin.RunCommand(ctx, bson.D{{Key: "purgeDeleted", Value: 1}}).Err()
	}
	var refused mongo.CommandError
	if errors.As(err, &refused) && refused.Code == codeUnknown { // an embedded store of an older version
		return nil
	}
	return translate(err, "")
}

// Purger is the last step of an erasure: it asks for PurgeDeleted.
type Purger struct{ DB *DB }

// Erase implements datasubject.Eraser.
func (p Purger) Erase(ctx context.Context, _ tenant.ID, _ int64) (more bool, err error) {
	return false, p.DB.PurgeDeleted(ctx)
}
