package mongokit

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"fivechat.dev/libs/kernel/subject"
)

// embedded is the module name by which buildInfo identifies the embedded store.
const embedded = "embedmongo"

// codeUnknown is MongoDB's error code for an unknown command.
const codeUnknown = 59

// PurgeDeleted makes an embedded store remove deleted data from all its files within 10 minutes. MongoDB has no such
// command: operators configure how long it keeps deleted data.
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

// Purger is the last step of an erasure: it calls PurgeDeleted.
type Purger struct{ DB *DB }

// Erase implements datasubject.Eraser.
func (p Purger) Erase(ctx context.Context, _ subject.Subject) (more bool, err error) {
	return false, p.DB.PurgeDeleted(ctx)
}
