package scenario

import (
	"fmt"
	"maps"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/tests/harness"
)

// counts are the expected statistics of the website.
func (c *Scenario) counts() map[string]int64 {
	return map[string]int64{
		"totalConversations": int64(c.did["conversation"]), "totalMessages": int64(c.did["message"]),
		// a session whose response was lost created a visitor that no client knows
		"totalVisitors":       c.w.Reader().Get(c.t, "/visitors?limit=1").Int("total"),
		"activeConversations": int64(c.did["conversation"] - c.did["closed"]),
	}
}

// Check fails the test if an acknowledged change isn't stored exactly once, or if the statistics differ from the
// actions or from a recount. It also fails if the webhook missed an event or got events out of order, or if a copy that
// followed the exports differs from the lists.
func (c *Scenario) Check() {
	want := c.counts()
	harness.Eventually(c.t, settledFor, "the statistics match the actions", func() (bool, any) {
		o := c.w.Reader().Get(c.t, "/statistics/current")
		have := map[string]int64{}
		for name := range want {
			have[name] = o.Int(name)
		}
		return maps.Equal(have, want), fmt.Sprint("have ", have, ", want ", want)
	})
	if o := c.f.Operator().Send(c.t, 200, "POST", fmt.Sprintf("/operator/websites/%d/statistics/recount", c.w.ID),
		harness.Map{}); len(o.List("drift")) > 0 {
		c.t.Errorf("a recount differs: %s", o)
	}
	if n := c.w.Reader().Get(c.t, "/conversations?limit=1").Int("total"); n != want["totalConversations"] {
		c.t.Errorf("%d conversations are listed, %d were opened", n, want["totalConversations"])
	}
	if n := c.w.Reader().Get(c.t, "/tickets?limit=1").Int("total"); n != int64(c.did["ticket"]-c.did["dropped"]) {
		c.t.Errorf("%d tickets are listed, %d were created and %d deleted", n, c.did["ticket"], c.did["dropped"])
	}
	c.checkMessages()
	c.checkWebhook()
	c.checkCopies()
}

// checkMessages checks that each acknowledged message is stored, and no other.
func (c *Scenario) checkMessages() {
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
		c.t.Errorf("%d messages are stored, %d were acknowledged", len(contents), c.did["message"])
	}
	for content, n := range contents {
		if n != 1 {
			c.t.Errorf("the message %q is stored %d times", content, n)
		}
	}
}

// checkWebhook checks that the receiver got every event of the website, each with one body, and those of one key in
// order.
func (c *Scenario) checkWebhook() {
	for _, source := range []string{"conversations", "visitors", "tickets"} {
		log := c.log(source)
		var place map[string]int
		harness.Eventually(c.t, settledFor, "the webhook got every event of "+source, func() (bool, any) {
			place = c.received()
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

// received returns the place at which each event arrived first.
func (c *Scenario) received() map[string]int {
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

// checkCopies checks that the second system has the same rows as the lists, and got no state twice: a conversation is
// exported at most once per record about it.
func (c *Scenario) checkCopies() {
	for _, one := range c.copies {
		harness.Eventually(c.t, settledFor, "the copy equals the lists", func() (bool, any) {
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
			c.t.Errorf("conversation %s was exported %d times with %d changes", id, n, changes[id])
		}
	}
}

// record is a record of a service's log.
type record struct {
	ID   string `bson:"_id"`
	Type string `bson:"type"`
	Key  int64  `bson:"key"`
	Pos  int64  `bson:"pos"`
}

// log returns the website's records in a service's log, in order.
func (c *Scenario) log(source string) (log []record) {
	cursor, err := c.Store().Collection(source+"_outbox").Find(c.t.Context(), bson.D{{Key: "websiteId", Value: c.w.ID}},
		options.Find().SetSort(bson.D{{Key: "pos", Value: 1}}))
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cursor.All(c.t.Context(), &log); err != nil || len(log) == 0 {
		c.t.Fatalf("%d records in the log of %s, %v", len(log), source, err)
	}
	return log
}
