// Package stores contains the tests of packages that need a store. They run over the wire, against the embedded store
// or the MongoDB that MONGODB_URI names.
package stores

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/google/uuid"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
)

var uri = os.Getenv("MONGODB_URI")

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if uri != "" {
		return m.Run()
	}
	s, err := embedmongo.Start(context.Background(), embedmongo.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer s.Close()
	uri = s.URI()
	return m.Run()
}

// connect returns a connection to a database of the test's own, and its telemetry.
func connect(t *testing.T, uri, database string) (*mongokit.DB, *telemetry.Telemetry) {
	t.Helper()
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	db, err := mongokit.Connect(mongokit.Config{URI: uri, Database: database}, tele)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db, tele
}

func fresh() string { return "test_" + uuid.NewString() }

func website(n int64) tenant.ID {
	id, err := tenant.New(n)
	if err != nil {
		panic(err)
	}
	return id
}
