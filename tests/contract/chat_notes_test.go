package contract_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestRating (note 5): any rating may be overwritten, but only by the conversation's own visitor. A bearer token is
// ignored.
func TestRating(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Free)
	path := "/conversations/" + w.Conversation
	rate := func(c harness.Client, status, rating int) {
		t.Helper()
		c.Do(t, "POST", path+"/rate", harness.Map{"rating": rating}).Want(t, status)
	}
	if c := w.Reader().Get(t, path).Object("conversation"); !c.Null("rating") {
		t.Errorf("a new conversation is rated: %s", c)
	}
	for _, rating := range []int{1, 2, 3, 4, 5, 2} {
		rate(w.Caller.Client, 200, rating)
		if have := w.Reader().Get(t, path).Object("conversation").Int("rating"); have != int64(rating) {
			t.Errorf("rating is %d, want %d", have, rating)
		}
	}
	rate(w.Visit(t, nil).Client, 404, 5)
	for _, bearer := range []string{"Bearer garbage", "Bearer " + w.Revoked(t), "Basic x"} {
		rate(w.Caller.With("Authorization", bearer), 200, 3)
	}
	w.Caller.Send(t, 200, "POST", path+"/rate", harness.Map{"rating": 4, "feedback": nil})
	w.Caller.Send(t, 200, "POST", "/visitor/conversations/"+w.Conversation+"/close", nil)
	rate(w.Caller.Client, 200, 5)
	if have := w.Reader().Get(t, path).Object("conversation").Int("rating"); have != 5 {
		t.Errorf("rating is %d, want 5", have)
	}
}

// TestContext (note 7): the context is merged shallowly, null removes, geolocation is dropped, the response is a
// string.
func TestContext(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Free)
	path := "/visitors/" + w.Caller.Token
	for _, step := range []struct {
		name string
		send harness.Map
		want map[string]any
	}{
		{
			"set",
			harness.Map{"context": harness.Map{
				"plan": "gold", "cart": harness.Map{"items": 2, "sum": 9.5},
				"city2": "x",
			}},
			map[string]any{"plan": "gold", "cart": map[string]any{"items": 2., "sum": 9.5}, "city2": "x"},
		},
		{
			"merged shallowly",
			harness.Map{"context": harness.Map{"cart": harness.Map{"items": 3}, "new": []int{1, 2}}},
			map[string]any{"plan": "gold", "cart": map[string]any{"items": 3.}, "city2": "x", "new": []any{1., 2.}},
		},
		{
			"null removes",
			harness.Map{"context": harness.Map{"plan": nil, "absent": nil}},
			map[string]any{"cart": map[string]any{"items": 3.}, "city2": "x", "new": []any{1., 2.}},
		},
		{"an empty body changes nothing", harness.Map{}, map[string]any{
			"cart": map[string]any{"items": 3.}, "city2": "x",
			"new": []any{1., 2.},
		}},
		{
			"nested null and names stay",
			harness.Map{"context": harness.Map{
				"cart":  harness.Map{"lat": 1, "x": nil},
				"city2": nil, "new": nil,
			}},
			map[string]any{"cart": map[string]any{"lat": 1., "x": nil}},
		},
		{
			"odd names",
			harness.Map{"context": harness.Map{"a.b": 1, "$set": 2, "": 3, "ä": "ö"}},
			map[string]any{"cart": map[string]any{"lat": 1., "x": nil}, "a.b": 1., "$set": 2., "": 3., "ä": "ö"},
		},
	} {
		sent := w.Agent().Send(t, 200, "PATCH", path+"/context", step.send)
		for where, v := range map[string]harness.Object{"answer": sent, "visitor": w.Reader().Get(t, path)} {
			if have := contextOf(t, v); !reflect.DeepEqual(have, step.want) {
				t.Errorf("%s: the %s's context is %v, want %v", step.name, where, have, step.want)
			}
		}
	}
}

func contextOf(t *testing.T, visitor harness.Object) map[string]any {
	t.Helper()
	harness.Check(t, "visitor", visitor, harness.Visitor)
	var m map[string]any
	if err := json.Unmarshal([]byte(visitor.Text("context")), &m); err != nil {
		t.Errorf("context: %v", err)
	}
	return m
}

// TestGeolocationIsDropped (note 7): in any case, at the top level only, through every operation.
func TestGeolocationIsDropped(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Free)
	sent := harness.Map{"kept": "yes"}
	for _, name := range strings.Fields("geo geolocation location country countryCode region city latitude longitude " +
		"lat lng lon coordinates timezone ip") {
		sent[name], sent[strings.ToUpper(name)], sent[strings.ToUpper(name[:1])+name[1:]] = "x", "x", "x"
	}
	want := map[string]any{"kept": "yes"}
	v := w.Agent().Send(t, 200, "PATCH", "/visitors/"+w.Caller.Token+"/context", harness.Map{"context": sent})
	if have := contextOf(t, v); !reflect.DeepEqual(have, want) {
		t.Errorf("context is %v, want %v", have, want)
	}
	if !v.Null("country") || !v.Null("city") {
		t.Errorf("a country or city was set through the context: %s", v)
	}
	if have := contextOf(t, w.Visit(t, harness.Map{"context": sent}).Made.Object("visitor")); !reflect.DeepEqual(have,
		want) {
		t.Errorf("a session's context is %v, want %v", have, want)
	}
}

// TestVisitorNames: a given name is set, an update without one keeps it, and a visitor without a name gets a friendly
// one.
func TestVisitorNames(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Free)
	path := "/visitors/" + w.Caller.Token
	if have := w.Agent().Send(t, 200, "PATCH", path+"/context", harness.Map{"name": "Zoë 🐸"}).Text("name"); have !=
		"Zoë 🐸" {
		t.Errorf("name is %q", have)
	}
	w.Agent().Send(t, 200, "PATCH", path+"/context", harness.Map{"context": harness.Map{"a": 1}})
	if have := w.Reader().Get(t, path).Text("name"); have != "Zoë 🐸" {
		t.Errorf("name is %q after an update without one", have)
	}
	nameless := w.Visit(t, nil)
	words := strings.Fields(nameless.Made.Object("visitor").Text("name"))
	if len(words) != 2 || words[0] != strings.ToUpper(words[0][:1])+words[0][1:] ||
		words[1] != strings.ToUpper(words[1][:1])+words[1][1:] {
		t.Errorf("a visitor without a name is called %q, not like Adjective Animal", words)
	}
	if have := w.Reader().Get(t, "/visitors/"+nameless.Token).Text("name"); have != strings.Join(words, " ") {
		t.Errorf("the friendly name changed to %q", have)
	}
}

// TestDeepContext: at any nesting depth the response is a refusal or a success, never a 5xx.
func TestDeepContext(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Free)
	path := "/visitors/" + w.Caller.Token
	for _, depth := range []int{50, 150, 1_000, 9_000} {
		body := `{"context":{"deep":` + strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth) + "}}"
		a := w.Writer().Do(t, "PATCH", path+"/context", harness.JSON(body))
		if a.Status != 200 && a.Status != 400 {
			t.Errorf("depth %d: status %d: %.200s", depth, a.Status, a.Body)
		}
		contextOf(t, w.Reader().Get(t, path))
	}
	wide := harness.Map{}
	for i := range 20_000 {
		wide[harness.PathID(int64(i))] = "some text of a page"
	}
	if a := w.Writer().Do(t, "PATCH", path+"/context", harness.Map{"context": wide}); a.Status != 200 && a.Status != 400 {
		t.Errorf("a wide context: status %d: %.200s", a.Status, a.Body)
	}
}

// TestStatistics (note 10): the numbers of a website that starts empty.
func TestStatistics(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	want := func(conversations, active, messages, visitors, online int64) {
		t.Helper()
		harness.Eventually(t, harness.Patience, "statistics", func() (bool, any) {
			o := w.Reader().Get(t, "/statistics/current")
			harness.Check(t, "statistics", o, harness.Statistics)
			return o.Int("totalConversations") == conversations && o.Int("activeConversations") == active &&
				o.Int("totalMessages") == messages && o.Int("totalVisitors") == visitors && o.Int("onlineVisitors") == online, o
		})
	}
	want(0, 0, 0, 0, 0)
	if have := w.Reader().Get(t, "/statistics/current").Float("averageResponseTime"); have != 0 {
		t.Errorf("averageResponseTime is %v before anything happened", have)
	}
	v := w.Visit(t, nil)
	want(0, 0, 0, 1, 1)
	first, second := v.Open(t, "one"), v.Open(t, "two")
	want(2, 2, 2, 1, 1)
	v.Say(t, first, "more")
	w.Reply(t, first, "answer")
	want(2, 2, 4, 1, 1)
	w.Agent().Send(t, 200, "PATCH", "/conversations/"+second, harness.Map{"status": "CLOSED"})
	want(2, 1, 4, 1, 1)
	w.Agent().Send(t, 200, "PATCH", "/conversations/"+second, harness.Map{"status": "CLOSED"})
	w.Agent().Send(t, 200, "PATCH", "/conversations/"+second, harness.Map{"status": "OPEN"})
	v.Send(t, 200, "POST", "/visitor/conversations/"+first+"/close", nil)
	want(2, 1, 4, 1, 1)
	if have := w.Reader().Get(t, "/statistics/current").Float("averageResponseTime"); have*10 !=
		float64(int64(have*10+0.5)) || have < 0 || have > 60 {
		t.Errorf("averageResponseTime is %v, not a number of seconds with one decimal", have)
	}
}

// TestConversationFields: a conversation's fields as it is used.
func TestConversationFields(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := w.Visit(t, nil)
	token := v.Open(t, "Hello")
	path := "/conversations/" + token
	now := func() harness.Object { return w.Reader().Get(t, path).Object("conversation") }
	if c := now(); c.Text("status") != "OPEN" || !c.Null("firstMessageAt") || !c.Null("closedAt") ||
		!c.Null("assigneeId") ||
		!c.Null("summary") || len(c.Texts("tags")) != 0 || c.Int("visitorId") != v.ID || c.Int("websiteId") != w.ID {
		t.Errorf("a new conversation: %s", c)
	}
	first := w.Reply(t, token, "Hi").CreatedAt.Format(harness.TimeLayout)
	w.Reply(t, token, "Still there?")
	if c := now(); c.Text("firstMessageAt") != first {
		t.Errorf("firstMessageAt is not the first agent message's time %s: %s", first, c)
	}
	closed := w.Agent().Send(t, 200, "PATCH", path, harness.Map{
		"status": "CLOSED", "summary": "Done.",
		"tags": []string{"a", "b"},
	})
	if c := now(); c.Text("status") != "CLOSED" || c.Text("closedAt") != closed.Text("closedAt") ||
		c.Text("summary") != "Done." || len(c.Texts("tags")) != 2 {
		t.Errorf("a closed conversation: %s", c)
	}
	reopened := w.Agent().Send(t, 200, "PATCH", path, harness.Map{"status": "OPEN", "summary": nil, "tags": []string{}})
	if c := now(); c.String() != reopened.String() || c.Text("status") != "OPEN" || !c.Null("closedAt") ||
		!c.Null("summary") || len(c.Texts("tags")) != 0 {
		t.Errorf("a reopened conversation: %s", c)
	}
	thread := w.Reader().Get(t, path)
	if messages := w.Reader().Get(t, path+"/messages"); messages.String() != thread.String() {
		t.Errorf("rows 3 and 4 differ:\n%s\n%s", thread, messages)
	}
}
