package processes_test

import (
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// within bounds how soon every edge must show a change.
const within = time.Second

// twoEdges checks that a change through one edge, or by the operator, is visible at every other edge within a second,
// and that edges share quotas.
func twoEdges(t *testing.T, f *cluster.Cluster) {
	other, processes := f.Replica(t)
	edges := map[string]harness.System{"here": f.System, "there": other}
	w := f.Website(t, harness.Free)
	site := "/operator/websites/" + harness.PathID(w.ID)
	id, secret := w.Token(t, harness.ReadWrite)
	at := func(what string, seen func(harness.System) (bool, any)) {
		t.Helper()
		for name, edge := range edges {
			harness.Eventually(t, within, what+" "+name, func() (bool, any) { return seen(edge) })
		}
	}
	status := func(path string, want int) func(harness.System) (bool, any) {
		return func(edge harness.System) (bool, any) {
			a := edge.Bearer(secret).Do(t, "GET", path, nil)
			return a.Status == want, a.Status
		}
	}
	widget := "/widgets/" + w.ClientToken
	shows := func(color string) func(harness.System) (bool, any) {
		return func(edge harness.System) (bool, any) {
			got := edge.Public().Get(t, widget).Text("color")
			return got == color, got
		}
	}
	tag := ""
	for _, color := range []string{"#111111", "#222222", "#333333"} {
		tag = f.Bearer(secret).Do(t, "PATCH", widget, harness.Map{"color": color}).Want(t, 200).Header.Get("ETag")
		at("the widget is "+color, shows(color))
	}
	for name, edge := range edges {
		a := edge.Public().Do(t, "GET", widget, nil).Want(t, 200)
		if got := a.Header.Get("ETag"); got != tag || got == "" {
			t.Errorf("%s: the widget's ETag is %q, the change's %q", name, got, tag)
		}
		edge.Public().With("If-None-Match", tag).Do(t, "GET", widget, nil).Want(t, 304)
	}
	other.Bearer(secret).With("If-Match", tag).Do(t, "PATCH", widget, harness.Map{"color": "#444444"}).Want(t, 200)
	f.Bearer(secret).With("If-Match", tag).Do(t, "PATCH", widget, harness.Map{"color": "#555555"}).Want(t, 412)
	at("the widget has the first of two changes", shows("#444444"))

	at("tickets need another plan", status("/tickets", 403))
	f.Operator().Do(t, "PATCH", site,
		harness.Map{"plan": "PRO", "quotas": harness.Map{"read": harness.Map{"requests": 40, "seconds": 3600}}}).Want(t, 200)
	at("the plan is PRO", status("/tickets", 200))
	at("the website has a quota of its own", func(edge harness.System) (bool, any) {
		got := edge.Bearer(secret).Do(t, "GET", "/tickets", nil).Header.Get("RateLimit-Policy")
		return got == `"read";q=40;w=3600`, got
	})
	passed := 0
	for range 40 {
		for _, edge := range edges {
			switch a := edge.Bearer(secret).Do(t, "GET", "/tags", nil); a.Status {
			case 200:
				passed++
			case 429:
				if a.Header.Get("Retry-After") == "" {
					t.Errorf("refused without Retry-After: %v", a.Header)
				}
			default:
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
	}
	if passed > 40 {
		t.Errorf("%d of 40 passed", passed)
	}
	f.Operator().Do(t, "PATCH", site, harness.Map{"quotas": harness.Map{"read": nil}}).Want(t, 200)
	at("the website has its plan's quota again", status("/tags", 200))

	f.Operator().Do(t, "DELETE", site+"/tokens/"+harness.PathID(id), nil).Want(t, 200)
	at("the token is revoked", status("/tags", 401))
	for _, p := range processes {
		p.Terminate(t)
	}
}
