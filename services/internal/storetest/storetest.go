// Package storetest gives tests a real store: the one at MONGODB_URI, or an embedded one in memory, started once per
// test binary. Each test has a database of its own.
//
// Begin with Config for a whole service, or DB for a store. Follow, Guarded and Erase are checks that all stores share.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
)

// embedded starts the embedded store. It ends with the process.
var embedded = sync.OnceValues(func() (string, error) {
	s, err := embedmongo.Start(context.Background(), embedmongo.Options{})
	if err != nil {
		return "", err
	}
	return s.URI(), nil
})

// URI returns the address of the store.
func URI(t testing.TB) string {
	t.Helper()
	if uri := os.Getenv("MONGODB_URI"); uri != "" {
		return uri
	}
	uri, err := embedded()
	if err != nil {
		t.Fatalf("embedded store: %v", err)
	}
	return uri
}

// Tenant makes a tenant with a number.
func Tenant(n int64) tenant.ID {
	t, err := tenant.New(n)
	if err != nil {
		panic(err)
	}
	return t
}

// Config returns the settings of a new empty database, which is dropped when the test ends.
func Config(t testing.TB) mongokit.Config {
	t.Helper()
	c := mongokit.Config{
		URI:      URI(t),
		Database: "test_" + strings.ToLower(rand.Text()[:16]),
		Timeout:  time.Minute, // the machine is busy with other tests
	}
	if os.Getenv("MONGODB_URI") != "" {
		t.Cleanup(func() { drop(t, c) })
	}
	return c
}

func drop(t testing.TB, c mongokit.Config) {
	client, err := mongo.Connect(options.Client().ApplyURI(c.URI))
	if err == nil {
		err = client.Database(c.Database).Drop(context.Background())
		err = errors.Join(err, client.Disconnect(context.Background()))
	}
	if err != nil {
		t.Errorf("drop %s: %v", c.Database, err)
	}
}

// Telemetry returns silent telemetry of a component.
func Telemetry(t testing.TB, component string) *telemetry.Telemetry {
	t.Helper()
	tele, err := telemetry.New(t.Context(), component, telemetry.Config{LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return tele
}

// DB connects a component to a new empty database.
func DB(t testing.TB, component string) *mongokit.DB {
	t.Helper()
	db, err := mongokit.Connect(Config(t), Telemetry(t, component))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

// Ready creates the declared indexes of db.
func Ready(t testing.TB, db *mongokit.DB) {
	t.Helper()
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
}
