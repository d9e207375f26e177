package clients_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/visitors/internal/clients"
)

// TestPresenceOfAgentsIsRememberedForSeconds checks that only the presence of agents is remembered, by website.
func TestPresenceOfAgentsIsRememberedForSeconds(t *testing.T) {
	t.Parallel()
	online, asked := "", 0
	client := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"online":`+online+`}`)
	})
	now := time.Unix(0, 0)
	a := clients.NewAccounts(client, func() time.Time { return now })
	for i, step := range []struct {
		website int64
		online  string
		after   time.Duration
		want    bool
		asked   int
	}{
		{1, "0", 0, false, 1},
		{1, "1", 0, true, 2}, // an absence isn't remembered
		{1, "0", 4 * time.Second, true, 2},
		{2, "0", 0, false, 3},
		{1, "0", time.Second, false, 4},
	} {
		now, online = now.Add(step.after), step.online
		got, err := a.Online(t.Context(), storetest.Tenant(step.website))
		if err != nil || got != step.want || asked != step.asked {
			t.Errorf("step %d: %v, %v after %d requests", i, got, err, asked)
		}
	}
}

// clientOf calls a server that a handler answers for.
func clientOf(t *testing.T, answer http.HandlerFunc) *httpkit.Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	keys, err := identity.NewKeyring([]byte("a key of the tests, at least 32 bytes long"))
	if err != nil {
		t.Fatal(err)
	}
	tele, err := telemetry.New(t.Context(), "visitors", telemetry.Config{LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return httpkit.NewClient(server.URL, keys, tele)
}
