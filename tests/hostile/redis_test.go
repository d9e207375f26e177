package hostile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/tests/harness"
)

// TestForgedRedisContentIsIgnored: an attacker who can write to Redis, but has no assertion keys, can't show agents an
// event, stored or transient. Nor can they cause a delivery to a webhook or change the edge's cache.
func TestForgedRedisContentIsIgnored(t *testing.T) {
	t.Parallel()
	s := harness.Running().From("198.51.100.40")
	if s.RedisURL == "" {
		t.Skipf("the Redis of the system at %s isn't known: it runs if FIVECHAT_URL is not set", s.URL)
	}
	strangers, err := identity.ParseKeyring([]string{strings.Repeat("stranger", 4)})
	if err != nil {
		t.Fatal(err)
	}
	redis, err := rediskit.Connect(rediskit.Config{URL: s.RedisURL}, strangers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	w := s.Website(t, harness.Pro)
	receiver := harness.Receive(t, nil)
	w.NewWebhook(t, receiver.URL, "*")
	visitor := w.Visit(t, nil)
	conversation := visitor.Open(t, "genuine")
	stream := w.Reader().Events(t, "/events", "")
	stream.Until(t, "ready")

	const forged = "forged-by-a-stranger"
	value := `{"type":"text/html","tag":"\"1.1.x\"","caching":"public, max-age=60","body":"PHNjcmlwdD4="}`
	if err := redis.Cache(t.Context(), "widget", w.ClientToken, 1<<40, []byte(value), time.Hour); err != nil {
		t.Fatal(err)
	}
	if a := s.Public().Do(t, "GET", "/widgets/"+w.ClientToken, nil); a.Status != 200 ||
		strings.Contains(string(a.Body), "<script>") ||
		!strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		t.Errorf("the edge serves %d %v %s", a.Status, a.Header, a.Body)
	}
	about := fmt.Sprintf(`"websiteId":%d,"type":%%q,"at":%q`, w.ID, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	typing := fmt.Sprintf(`{`+about+`,"visitorId":%d,"data":{"conversationToken":%q,"sender":"VISITOR","typing":true}}`,
		"typing", visitor.ID, forged)
	if err := redis.Publish(t.Context(), "fleeting", typing); err != nil {
		t.Fatal(err)
	}
	forgeRecords(t, redis, func(pos int64) string {
		return fmt.Sprintf(`{`+about+`,"id":%q,"key":1,"pos":%d,"data":%q}`, "message.created", forged, pos,
			fmt.Sprintf(`{"conversation":{"visitorId":%d,"token":%q},"message":{"content":%q},"sender":"VISITOR"}`, visitor.ID,
				forged, forged))
	})
	visitor.Say(t, conversation, "last")
	for seen := ""; !strings.Contains(seen, `"last"`); {
		seen = harness.Render(stream.Next(t).Data.M)
		if strings.Contains(seen, forged) {
			t.Errorf("an agent got %s", seen)
		}
	}
	harness.Eventually(t, 30*time.Second, "the genuine events are delivered", func() (bool, any) {
		got := receiver.Got()
		last := false
		for _, r := range got {
			if strings.Contains(string(r.Body), forged) {
				t.Errorf("a webhook was sent %s", r.Body)
			}
			last = last || strings.Contains(string(r.Body), `"last"`)
		}
		return last, len(got)
	})
}

// forgeRecords adds a record after the end of the conversations' stream, several times, because genuine records are
// added meanwhile.
func forgeRecords(t *testing.T, redis *rediskit.Client, record func(pos int64) string) {
	t.Helper()
	const stream = "events:conversations"
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		there, err := redis.Read(ctx, stream, 0, 1_000, 10*time.Millisecond)
		next := int64(1)
		if len(there) > 0 {
			next = there[len(there)-1].Pos + 1
		}
		if err == nil {
			err = redis.Append(ctx, stream, []rediskit.Entry{{Pos: next, Data: record(next)}}, 0)
		}
		cancel()
		if err != nil && !strings.Contains(err.Error(), "equal or smaller") { // a genuine record was first
			t.Fatal(err)
		}
	}
}
