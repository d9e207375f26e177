package processes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"pgregory.net/rapid"

	"fivechat.dev/tests/fleet"
	"fivechat.dev/tests/harness"
)

// The sizes of a plan. FIVECHAT_PLANS says how many plans are carried out, FIVECHAT_SEED which is the first.
const (
	actors     = 4
	deeds      = 40 // of an actor
	mishaps    = 7
	decided    = 100 * time.Second // a request whose process died is decided by then: longer than its lease
	settledFor = 60 * time.Second  // until statistics and webhooks have caught up
)

// plan is what happens: what each actor does, and what goes wrong when so many deeds are done.
type plan struct {
	Deeds   [actors][]string
	Mishaps []mishap
}

type mishap struct {
	After int // deeds
	What  string
}

// plans draws a plan.
func plans() *rapid.Generator[plan] {
	deed := rapid.SampledFrom([]string{"visit", "open", "ask", "ask", "ask", "answer", "answer", "read", "close", "reopen", "rate", "ticket", "resolve", "drop"})
	what := rapid.SampledFrom(append([]string{fleet.Gateway, "redis", "redis", "published twice", "relay", "relay"}, fleet.Services...))
	return rapid.Custom(func(t *rapid.T) plan {
		var p plan
		for i := range p.Deeds {
			p.Deeds[i] = append([]string{"visit", "open", "ticket"}, rapid.SliceOfN(deed, deeds-3, deeds-3).Draw(t, "deeds")...)
		}
		for i := range mishaps {
			p.Mishaps = append(p.Mishaps, mishap{(i + 1) * actors * deeds / (mishaps + 2), what.Draw(t, "mishap")})
		}
		return p
	})
}

// TestNothingIsLost carries out plans in which processes are killed, relays die, Redis is emptied and events are published twice, while
// visitors and agents do what they do. In the end everything that was acknowledged is there once, the statistics are what
// a count of it gives and what a recount finds, a webhook was told of every event, with a stable id and in order, and who
// followed the exports has all rows, having got none twice.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	f := fleet.Launch(t, fleet.Build(t), nil)
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return otherwise
	}
	first := number("FIVECHAT_SEED", int(time.Now().UnixNano()%1_000_000))
	for seed := first; seed < first+number("FIVECHAT_PLANS", 1); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(inner *testing.T) {
			c := &course{t: inner, f: f, w: f.Website(inner, harness.Pro), did: map[string]int{}}
			c.receiver = harness.Receive(inner, nil)
			c.w.NewWebhook(inner, c.receiver.URL, "*")
			done := c.follow()
			c.carryOut(t, plans().Example(seed))
			done()
			c.check()
		})
	}
}

// course is a plan that is carried out.
type course struct {
	t        *testing.T
	f        *fleet.Fleet
	w        *harness.Website
	receiver *harness.Receiver
	copies   []*harness.Copy // by a second system, of all exports
	done     atomic.Int64
	mu       sync.Mutex
	did      map[string]int // what was acknowledged, by what it is
}

func (c *course) carryOut(outer *testing.T, p plan) {
	var all sync.WaitGroup
	for _, todo := range p.Deeds {
		all.Go(func() {
			a := &actor{course: c}
			for _, deed := range todo {
				a.do(deed)
				c.done.Add(1)
			}
		})
	}
	for _, m := range p.Mishaps {
		harness.Eventually(c.t, 4*decided, fmt.Sprint(m.After, " deeds are done"), func() (bool, any) { return c.done.Load() >= int64(m.After), c.done.Load() })
		c.t.Logf("after %d deeds: %s", c.done.Load(), m.What)
		c.happen(outer, m.What)
	}
	all.Wait()
	fleet.Ready(c.t, c.f.All()...)
}

// happen has a mishap happen.
func (c *course) happen(outer *testing.T, what string) {
	switch i := slices.Index(fleet.Services, what); {
	case i >= 0:
		c.f.Services[i] = c.f.Services[i].Again(outer)
	case what == fleet.Gateway:
		c.f.Gateway = c.f.Gateway.Again(outer)
	case what == "published twice":
		for _, source := range []string{"conversations", "visitors", "tickets"} {
			if _, err := c.store().Collection(source+"_leases").UpdateOne(c.t.Context(), bson.D{{Key: "_id", Value: "relay"}},
				bson.D{{Key: "$set", Value: bson.D{{Key: "published", Value: int64(0)}}}}); err != nil {
				c.t.Error(err)
			}
		}
	case what == "relay": // each has died in the middle of its work, and its lease lives on
		for _, source := range []string{"conversations", "visitors", "tickets"} {
			if _, err := c.store().Collection(source+"_leases").UpdateOne(c.t.Context(), bson.D{{Key: "_id", Value: "relay"}},
				bson.D{{Key: "$set", Value: bson.D{{Key: "holder", Value: "who died"}, {Key: "until", Value: time.Now().Add(5 * time.Second)}}}}); err != nil {
				c.t.Error(err)
			}
		}
	case c.f.Redis != nil: // it is restarted, and has forgotten everything
		c.f.Redis.FlushAll()
		c.f.Redis.Close()
		if err := c.f.Redis.Restart(); err != nil {
			c.t.Error(err)
		}
	}
}

// follow has a second system follow all exports until done is called.
func (c *course) follow() (done func()) {
	agent := map[string]string{"Authorization": "Bearer " + c.w.Secret(harness.Read)}
	ctx, stop := context.WithCancel(c.t.Context())
	var following sync.WaitGroup
	for _, kind := range []string{"conversations", "messages", "visitors", "tickets"} {
		one := harness.NewCopy(kind, "?limit=7", func(path string) (int, []byte, error) { return c.once("GET", path, "", agent, nil) })
		c.copies = append(c.copies, one)
		following.Go(func() {
			pause := time.NewTicker(100 * time.Millisecond)
			defer pause.Stop()
			for ctx.Err() == nil {
				one.Pull(c.t)
				<-pause.C
			}
		})
	}
	return func() {
		stop()
		following.Wait()
	}
}

// checkCopies: in the end the second system has what there is, and no state came twice: none of a conversation without a
// record that tells of it.
func (c *course) checkCopies() {
	for _, one := range c.copies {
		harness.Eventually(c.t, settledFor, "the copy is what there is", func() (bool, any) {
			if ended, why := one.Pull(c.t); !ended {
				return false, why
			}
			return one.Agrees(c.t, c.w.Reader())
		})
	}
	changes := map[string]int{}
	for _, r := range c.log("conversations") {
		if r.Type != "conversation.read" {
			changes[fmt.Sprint(r.Key)]++
		}
	}
	for id, n := range c.copies[0].Came {
		if n > changes[id] {
			c.t.Errorf("conversation %s came %d times with %d changes", id, n, changes[id])
		}
	}
}

// record is one of a service's log.
type record struct {
	ID   string `bson:"_id"`
	Type string `bson:"type"`
	Key  int64  `bson:"key"`
	Pos  int64  `bson:"pos"`
}

// log gives the website's records in a service's log, in order.
func (c *course) log(source string) (log []record) {
	cursor, err := c.store().Collection(source+"_outbox").Find(c.t.Context(), bson.D{{Key: "websiteId", Value: c.w.ID}}, options.Find().SetSort(bson.D{{Key: "pos", Value: 1}}))
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cursor.All(c.t.Context(), &log); err != nil || len(log) == 0 {
		c.t.Fatalf("%d records in the log of %s, %v", len(log), source, err)
	}
	return log
}

func (c *course) store() *mongo.Database {
	c.t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(c.f.Env["MONGODB_URI"]))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client.Database(c.f.Env["MONGODB_DATABASE"])
}

func (c *course) acknowledge(what string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did[what] += n
}

// persistent asks again and again until a request is decided. Its answer is nil where it was carried out and the answer
// was lost with a process.
func (c *course) persistent(method, path string, header map[string]string, body harness.Map) map[string]any {
	content, err := json.Marshal(body)
	if err != nil {
		c.t.Error(err)
		return nil
	}
	key := harness.Unique("key-")
	var answer map[string]any
	harness.Eventually(c.t, decided, method+" "+path+" is decided", func() (bool, any) {
		status, b, err := c.once(method, path, key, header, content)
		answer = nil
		switch {
		case err != nil || status >= 500 || status == http.StatusTooManyRequests || strings.Contains(string(b), `"idempotency_in_progress"`):
			return false, fmt.Sprint(status, " ", err, " ", string(b))
		case strings.Contains(string(b), `"idempotency_answer_lost"`):
			return true, nil
		case status >= 300:
			c.t.Errorf("%s %s: %d %s", method, path, status, b)
			return true, nil
		case status == http.StatusNoContent:
		case json.Unmarshal(b, &answer) != nil:
			c.t.Errorf("%s %s: %s", method, path, b)
		}
		return true, nil
	})
	return answer
}

func (c *course) once(method, path, key string, header map[string]string, content []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.f.URL+path, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := persistentClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, b, err
}

var persistentClient = &http.Client{Timeout: 20 * time.Second}

// counts are the website's statistics as they must be.
func (c *course) counts() map[string]int64 {
	return map[string]int64{
		"totalConversations": int64(c.did["conversation"]), "totalMessages": int64(c.did["message"]),
		"totalVisitors":       c.w.Reader().Get(c.t, "/visitors?limit=1").Int("total"), // a session whose answer was lost made one that nobody knows of
		"activeConversations": int64(c.did["conversation"] - c.did["closed"]),
	}
}

func (c *course) check() {
	want := c.counts()
	harness.Eventually(c.t, settledFor, "the statistics are what was done", func() (bool, any) {
		o := c.w.Reader().Get(c.t, "/statistics/current")
		have := map[string]int64{}
		for name := range want {
			have[name] = o.Int(name)
		}
		return maps.Equal(have, want), fmt.Sprint("have ", have, ", want ", want)
	})
	if o := c.f.Operator().Send(c.t, 200, "POST", fmt.Sprintf("/operator/websites/%d/statistics/recount", c.w.ID), harness.Map{}); len(o.List("drift")) > 0 {
		c.t.Errorf("a recount says otherwise: %s", o)
	}
	if n := c.w.Reader().Get(c.t, "/conversations?limit=1").Int("total"); n != want["totalConversations"] {
		c.t.Errorf("%d conversations are listed, %d were opened", n, want["totalConversations"])
	}
	if n := c.w.Reader().Get(c.t, "/tickets?limit=1").Int("total"); n != int64(c.did["ticket"]-c.did["dropped"]) {
		c.t.Errorf("%d tickets are listed, %d were made and %d dropped", n, c.did["ticket"], c.did["dropped"])
	}
	c.checkMessages()
	c.checkWebhook()
	c.checkCopies()
}

// checkMessages: each message that was acknowledged is there, and no other.
func (c *course) checkMessages() {
	contents := map[string]int{}
	for cursor, more := "", true; more; {
		page := c.w.Reader().Get(c.t, "/conversations?limit=100&cursor="+cursor)
		for _, one := range page.List("data") {
			for _, m := range c.w.Reader().Get(c.t, "/conversations/"+one.Text("token")+"/messages").List("messages") {
				contents[m.Text("content")]++
			}
		}
		if more = page.Bool("hasNextPage"); more {
			cursor = page.Text("nextCursor")
		}
	}
	if len(contents) != c.did["message"] {
		c.t.Errorf("%d messages are there, %d were acknowledged", len(contents), c.did["message"])
	}
	for content, n := range contents {
		if n != 1 {
			c.t.Errorf("the message %q is there %d times", content, n)
		}
	}
}

// checkWebhook: the receiver has got every event of the website's, each with one body, and those of one thing in order.
func (c *course) checkWebhook() {
	for _, source := range []string{"conversations", "visitors", "tickets"} {
		log := c.log(source)
		var place map[string]int
		harness.Eventually(c.t, settledFor, "the webhook was told of every event of "+source, func() (bool, any) {
			place = c.told()
			for _, r := range log {
				if _, got := place[r.ID]; !got {
					return false, r
				}
			}
			return true, nil
		})
		last := map[int64]record{}
		for _, r := range log {
			if before, has := last[r.Key]; has && place[before.ID] > place[r.ID] {
				c.t.Errorf("%s: of %d, %d came before %d", source, r.Key, r.Pos, before.Pos)
			}
			last[r.Key] = r
		}
	}
}

// told gives the place at which each event came first.
func (c *course) told() map[string]int {
	place, bodies := map[string]int{}, map[string]string{}
	for i, g := range c.receiver.Got() {
		id := g.Header.Get("webhook-id")
		if before, again := bodies[id]; !again {
			place[id], bodies[id] = i, string(g.Body)
		} else if before != string(g.Body) {
			c.t.Errorf("the event %s has two bodies:\n%s\n%s", id, before, g.Body)
		}
	}
	return place
}
