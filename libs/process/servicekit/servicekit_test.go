package servicekit_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

func config(uri string) servicekit.Config {
	c := servicekit.Default()
	c.Addr, c.AdminAddr = "127.0.0.1:0", "127.0.0.1:0"
	c.AssertionKeys = []string{strings.Repeat("k", 32)}
	c.Mongo.URI = uri
	c.Telemetry.LogTo = io.Discard
	return c
}

func TestValidateNamesTheWrongSetting(t *testing.T) {
	t.Parallel()
	if err := config("mongodb://store").Validate(); err != nil {
		t.Errorf("a good configuration: %v", err)
	}
	for want, change := range map[string]func(*servicekit.Config){
		"FIVECHAT_ASSERTION_KEYS": func(c *servicekit.Config) { c.AssertionKeys = []string{"short"} },
		"STORE_WAIT":              func(c *servicekit.Config) { c.StoreWait = -1 },
		"MONGODB_URI":             func(c *servicekit.Config) { c.Mongo.URI = "" },
		"TRACE_SAMPLE_RATIO":      func(c *servicekit.Config) { c.Telemetry.SampleRatio = 2 },
	} {
		c := config("mongodb://store")
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v", want, err)
		}
	}
}

// TestUnitServesOperationsAndReadiness starts a service as its main does, and calls it as another service does.
func TestUnitServesOperationsAndReadiness(t *testing.T) {
	t.Parallel()
	store, err := embedmongo.Start(t.Context(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	c, err := servicekit.New(t.Context(), "notes", config(store.URI()))
	if err != nil {
		t.Fatal(err)
	}
	httpkit.Handle(c.Router, "GET /internal/notes", 200, operation.New(c.Chain, "notes.list", authz.Internal,
		func(context.Context, operation.None) ([]string, error) { return []string{"buy milk"}, nil }))
	unit, err := c.Unit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := runner.Start(unit)
	if err != nil {
		t.Fatal(err)
	}
	website, err := tenant.New(1)
	if err != nil {
		t.Fatal(err)
	}
	other := c.Client(r.URL("http"))
	if notes, err := httpkit.Call[[]string](t.Context(), other, website, "GET", "/internal/notes", nil); err != nil ||
		len(notes) != 1 {
		t.Errorf("another service gets %v, %v", notes, err)
	}
	resp, err := http.Get(r.URL(runner.Admin) + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/readyz: status %d", resp.StatusCode)
	}
	if err := r.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := c.DB.Ping(t.Context()); err == nil {
		t.Error("Stop leaves the store connected")
	}
}

func TestUnitGivesUpOnAnUnavailableStore(t *testing.T) {
	t.Parallel()
	settings := config("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50")
	settings.StoreWait = time.Millisecond
	c, err := servicekit.New(t.Context(), "notes", settings)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Unit(t.Context()); err == nil {
		t.Error("Unit succeeds without a store")
	}
	_ = c.DB.Close(context.Background())
}
