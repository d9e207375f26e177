package route_test

import (
	"testing"

	"fivechat.dev/api-gateway/internal/route"
)

// TestEveryRowThatStoresIsLimited: a POST of a service that stores text counts towards the storage limit, or is listed
// here with the reason why not.
func TestEveryRowThatStoresIsLimited(t *testing.T) {
	t.Parallel()
	exempt := map[string]string{
		"/conversations/{token}/typing":         "stores nothing that lasts",
		"/conversations/{token}/read":           "changes marks of stored messages",
		"/conversations/{token}/viewing":        "stores nothing",
		"/conversations/{token}/rate":           "one text of 4 KiB for each conversation",
		"/visitor/sessions":                     "the visitors service refuses new visitors",
		"/visitor/heartbeat":                    "stores a time",
		"/visitor/conversations/{token}/typing": "stores nothing that lasts",
		"/visitor/conversations/{token}/read":   "changes marks of stored messages",
		"/visitor/conversations/{token}/close":  "changes a stored conversation",
	}
	for _, r := range route.Public {
		stores := r.Upstream == route.Conversations || r.Upstream == route.Visitors || r.Upstream == route.Tickets
		if stores && r.Method == "POST" && r.Stores == (exempt[r.Pattern] != "") {
			t.Errorf(
				"%s %s: counts towards the storage limit: %v; exempt because it %q", r.Method, r.Pattern, r.Stores,
				exempt[r.Pattern],
			)
		}
	}
}
