package sharding_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/journeys"
	"fivechat.dev/tests/sharding"
)

// everywhere is what may ask every shard, by how its text begins, and why. No request of a visitor's or an agent's waits
// for any of it.
var everywhere = map[string]string{
	"aggregate accounts_audit by nothing":               "an operator looks through the changes to all websites",
	"find accounts_audit by nothing":                    "an operator looks through the changes to all websites",
	"find conversations_tally_sums by nothing":          "a gauge: what is stored of all websites",
	"find conversations_bytes_sums by nothing":          "a gauge: what is stored of all websites",
	"find tickets_tally_sums by nothing":                "a gauge: what is stored of all websites",
	"find tickets_bytes_sums by nothing":                "a gauge: what is stored of all websites",
	"find visitors_tally_sums by nothing":               "a gauge: what is stored of all websites",
	"find visitors_bytes_sums by nothing":               "a gauge: what is stored of all websites",
	"find webhooks_bytes_sums by nothing":               "a gauge: what is stored of all websites",
	"find statistics_counters by websiteId $gt":         "the hourly check goes over the websites, in their order",
	"aggregate webhooks_deliveries by status":           "a gauge: how many deliveries wait",
	"aggregate webhooks_webhooks by disabledReason $gt": "a gauge: how many webhooks were disabled",
	"find webhooks_bodies by checkAt $lte":              "the dispatcher looks for bodies without deliveries",
	"find webhooks_deliveries by status, nextAt $lte":   "the dispatcher looks for what is due, whosever it is",
	"aggregate conversations_outbox by pos":             "a gauge: how many records wait for the relay",
	"aggregate tickets_outbox by pos":                   "a gauge: how many records wait for the relay",
	"aggregate visitors_outbox by pos":                  "a gauge: how many records wait for the relay",
	"find conversations_outbox by pos":                  "the relay takes records of all websites, and readers follow them in order",
	"find tickets_outbox by pos":                        "the relay takes records of all websites, and readers follow them in order",
	"find visitors_outbox by pos":                       "the relay takes records of all websites, and readers follow them in order",
	"find webhooks_outbox by pos":                       "the relay takes records of all websites, and readers follow them in order",
}

// heard is what the system has asked so far.
var heard struct {
	sync.Mutex
	questions map[string]sharding.Question // by their text
	unknown   error
}

func hear(c sharding.Command) {
	questions, err := sharding.Questions(c)
	heard.Lock()
	defer heard.Unlock()
	if err != nil {
		heard.unknown = err
	}
	for _, q := range questions {
		heard.questions[q.String()] = q
	}
}

// TestMain lets the system reach its store through an ear.
func TestMain(m *testing.M) {
	if err := listen(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	harness.Main(m)
}

func listen() error {
	heard.questions = map[string]sharding.Question{}
	store, err := embedmongo.Start(context.Background(), embedmongo.Options{})
	if err != nil {
		return err
	}
	ear, err := sharding.Listen(store.Addr(), hear)
	if err != nil {
		return err
	}
	return os.Setenv("MONGODB_URI", "mongodb://"+ear.Addr()+"/?directConnection=true&replicaSet=rs0")
}

// keys gives the shard key of each collection, nil where it is not sharded.
func keys(t *testing.T) map[string]bson.D {
	t.Helper()
	all, err := system.Placements(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bson.D{}
	for _, p := range all {
		keys[p.Collection] = p.Key
	}
	return keys
}

// untargeted gives the questions for which a router would ask every shard, by their texts.
func untargeted(keys map[string]bson.D, asked map[string]sharding.Question) []string {
	var all []string
	for text, q := range asked {
		if key := keys[q.Collection]; len(key) > 0 && !q.Targeted(key) {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return all
}

// TestEveryQueryIsTargeted lets people, agents and operators do all that they can, and judges what the store was asked.
func TestEveryQueryIsTargeted(t *testing.T) {
	keys := keys(t)
	t.Run("journeys", func(t *testing.T) { journeys.Run(t, harness.Running()) })
	t.Run("every operation", everyOperation)
	t.Run("what operators do", operators)

	heard.Lock()
	defer heard.Unlock()
	if heard.unknown != nil {
		t.Error(heard.unknown)
	}
	asked := map[string]bool{}
	for _, q := range heard.questions {
		if _, declared := keys[q.Collection]; !declared {
			t.Errorf("%s: nobody has declared that collection", q)
		}
		asked[q.Collection] = true
	}
	for collection := range keys {
		if !asked[collection] {
			t.Errorf("nothing was asked of %s, so that nothing is known of it", collection)
		}
	}
	met := map[string]bool{}
	for _, text := range untargeted(keys, heard.questions) {
		begin := excused(text)
		if met[begin] = true; begin == "" {
			t.Errorf("every shard would be asked: %s", text)
		}
	}
	for _, begin := range slices.Sorted(maps.Keys(everywhere)) {
		if !met[begin] {
			t.Errorf("nobody asks that any more: %s", begin)
		}
	}
}

// excused gives the beginning by which everywhere has a question, the longest one, or "".
func excused(text string) (begin string) {
	for b := range everywhere {
		if strings.HasPrefix(text, b) && len(b) > len(begin) {
			begin = b
		}
	}
	return begin
}

// everyOperation does each operation of the edge once, and each that takes a key for repeating with one.
func everyOperation(t *testing.T) {
	w := harness.Running().World(t, harness.Pro)
	for _, o := range harness.Operations() {
		t.Run(o.Name(), func(t *testing.T) {
			names := w.Objects()
			if o.Ends {
				names = w.Another(t, o.Path)
			}
			c := o.Allowed(w)
			if o.Caller != harness.ByPublic && (o.Method == "POST" || o.Method == "PATCH") {
				c = c.With("Idempotency-Key", harness.Unique("key-"))
			}
			o.Ask(t, c, names).Want(t, o.Status)
		})
	}
}

// operators looks through the lists of websites, tokens and changes, exports, recounts and erases.
func operators(t *testing.T) {
	w := harness.Running().World(t, harness.Pro)
	o, site := w.Operator(), fmt.Sprintf("/operator/websites/%d", w.ID)
	id, _ := w.Token(t, harness.Read)
	o.Send(t, 201, "POST", fmt.Sprintf("%s/tokens/%d/rotate", site, id), harness.Map{"overlapSeconds": 60})
	for _, path := range []string{"/operator/websites", "/operator/audit", "/operator/audit?websiteId=" + fmt.Sprint(w.ID), site + "/tokens", site + "/users", site + "/export", site + "/visitors/" + w.Caller.Token + "/export"} {
		o.Do(t, "GET", path, nil).Want(t, 200)
	}
	o.Do(t, "POST", site+"/statistics/recount", harness.Map{"repair": true}).Want(t, 200)
	swept(t, w, o.Send(t, 202, "DELETE", site+"/visitors/"+w.Caller.Token, nil).Int("id"))
	swept(t, w, o.Send(t, 202, "DELETE", site, nil).Int("id"))
}

// swept waits until an erasure has gone over everything once.
func swept(t *testing.T, w *harness.World, id int64) {
	t.Helper()
	harness.Eventually(t, 3*harness.Patience, "the erasure has swept", func() (bool, any) {
		e := w.Operator().Get(t, fmt.Sprintf("/operator/erasures/%d", id))
		return !e.Null("sweptAt"), e
	})
}
