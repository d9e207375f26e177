// Package storetest gives the tests of libs/store a MongoDB over the wire: the embedded store, or the one that
// MONGODB_URI names. A package calls Main from its TestMain; a test begins with Connect.
package storetest

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
)

var uri = os.Getenv("MONGODB_URI")

// URI returns the connection string of the store.
func URI() string { return uri }

// Main runs a package's tests with a store, and ends the process.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if uri != "" {
		return m.Run()
	}
	s, err := embedmongo.Start(context.Background(), embedmongo.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = s.Close() }() // the process ends
	uri = s.URI()
	return m.Run()
}

func config(uri, database string) mongokit.Config {
	return mongokit.Config{URI: uri, Database: database, Timeout: time.Minute} // the machine is busy with other tests
}

// Connect returns a connection to a database, and its telemetry. The connection is closed when the test ends.
func Connect(t *testing.T, database string) (*mongokit.DB, *telemetry.Telemetry) {
	t.Helper()
	return ConnectTo(t, uri, database)
}

// ConnectTo is Connect with the connection string of another store.
func ConnectTo(t *testing.T, uri, database string) (*mongokit.DB, *telemetry.Telemetry) {
	t.Helper()
	tele := silent(t)
	return connect(t, config(uri, database), tele), tele
}

// ConnectWith is Connect with other settings.
func ConnectWith(t *testing.T, c mongokit.Config) *mongokit.DB {
	t.Helper()
	return connect(t, c, silent(t))
}

func connect(t *testing.T, c mongokit.Config, tele *telemetry.Telemetry) *mongokit.DB {
	t.Helper()
	db, err := mongokit.Connect(c, tele)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

// silent returns telemetry that logs nothing.
func silent(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	return tele
}

// Open returns a connection to a database of its own, and its telemetry, for examples: they have no testing.T. It
// panics on errors. Call closeDB at the end.
func Open() (db *mongokit.DB, tele *telemetry.Telemetry, closeDB func()) {
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(context.Background(), "example", c)
	if err == nil {
		db, err = mongokit.Connect(config(uri, Database()), tele)
	}
	if err != nil {
		panic(err)
	}
	return db, tele, func() { _ = db.Close(context.Background()) }
}

// Database returns the name of a database that no other test uses.
func Database() string { return "test_" + uuid.NewString() }

// Website returns a tenant.
func Website(n int64) tenant.ID {
	id, err := tenant.New(n)
	if err != nil {
		panic(err)
	}
	return id
}

// Noon is a time with a whole second, which the store keeps exactly.
var Noon = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

// Eventually polls a condition for up to a minute.
func Eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	EventuallyWithin(t, time.Minute, what, func() (bool, any) { return holds(), "no" })
}

// EventuallyWithin polls a condition. If it fails in time, the test's error contains the last state.
func EventuallyWithin(t *testing.T, within time.Duration, what string, holds func() (ok bool, state any)) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(within)
	for {
		ok, state := holds()
		if ok {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s: not within %v; last state: %v", what, within, state)
		case <-tick.C:
		}
	}
}
