package sharding_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
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

// everywhere lists the queries that may go to every shard, by the beginning of their text, with the reason. No request
// of a visitor or an agent waits for them.
var everywhere = map[string]string{
	"aggregate accounts_audit by nothing":                 "an operator reads the audit log of all websites",
	"find accounts_audit by nothing":                      "an operator reads the audit log of all websites",
	"find conversations_tally_sums by nothing":            "a gauge: rows of all websites",
	"find conversations_bytes_sums by nothing":            "a gauge: bytes of all websites",
	"find tickets_tally_sums by nothing":                  "a gauge: rows of all websites",
	"find tickets_bytes_sums by nothing":                  "a gauge: bytes of all websites",
	"find visitors_tally_sums by nothing":                 "a gauge: rows of all websites",
	"find visitors_bytes_sums by nothing":                 "a gauge: bytes of all websites",
	"find webhooks_bytes_sums by nothing":                 "a gauge: bytes of all websites",
	"find statistics_counters by websiteId $gt":           "the hourly check reads the websites in order",
	"aggregate webhooks_deliveries by status":             "a gauge: how many deliveries wait",
	"aggregate webhooks_webhooks by disabledReason $gt":   "a gauge: how many webhooks were disabled",
	"find conversations_conversations by _id $gt":         "a new analysis of texts: rows of all websites, once",
	"find tickets_tickets by _id $gt":                     "a new analysis of texts: rows of all websites, once",
	"find visitors_visitors by _id $gt":                   "a new analysis of texts: rows of all websites, once",
	"find webhooks_bodies by checkAt $lte":                "the dispatcher looks for bodies without deliveries",
	"find webhooks_deliveries by status":                  "the dispatcher looks for waiting deliveries of all websites",
	"aggregate conversations_outbox by pos":               "a gauge: how many records wait for the relay",
	"aggregate tickets_outbox by pos":                     "a gauge: how many records wait for the relay",
	"aggregate visitors_outbox by pos":                    "a gauge: how many records wait for the relay",
	"find conversations_conversations by snoozedUntil":    "the leader looks for snoozes that have ended, every 5 seconds",
	"find conversations_conversations by scheduled.dueAt": "the leader looks for replies to send, every 5 seconds",
	"find conversations_queues by waiting":                "the leader looks for conversations to assign, every 3 s",
	"find conversations_outbox by pos":                    "the relay and the readers take all records in order",
	"find tickets_tickets by uniqueEmailAddress":          "a mail to a ticket is received; only its address is known",
	"find mail_received by nextAt":                        "a replica looks for mails to file, of all websites",
	"find mail_sent by nextAt":                            "a replica looks for answers to send, of all websites",
	"find mail_originals by createdAt $lt":                "a replica removes old originals, every 10 minutes",
	"find mail_bytes_sums by nothing":                     "a gauge: bytes of all websites",
	"find files_files by dueAt":                           "a replica looks for files that are due, every minute",
	"find files_bytes_sums by nothing":                    "a gauge: bytes of all websites",
	"find tickets_outbox by pos":                          "the relay and the readers take all records in order",
	"find visitors_outbox by pos":                         "the relay and the readers take all records in order",
	"find webhooks_outbox by pos":                         "the relay and the readers take all records in order",
}

// seldom matches those of everywhere and allowed that a run may not have: records are only counted while some wait, and
// changes of row counts are deleted after a fold, which begins at random.
var seldom = regexp.MustCompile(`^aggregate \w+_outbox by pos$|^_tally_changes by `)

// recordings are the queries of the system so far.
var recordings struct {
	sync.Mutex
	queries map[string]sharding.Query // by text
	unknown error
}

func record(c sharding.Command) {
	queries, err := sharding.Queries(c)
	recordings.Lock()
	defer recordings.Unlock()
	if err != nil {
		recordings.unknown = err
	}
	for _, q := range queries {
		recordings.queries[q.String()] = q
	}
}

// TestMain connects the system to its store through a proxy.
func TestMain(m *testing.M) {
	if err := listen(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	harness.Main(m)
}

func listen() error {
	recordings.queries = map[string]sharding.Query{}
	store, err := embedmongo.Start(context.Background(), embedmongo.Options{QueryLog: plan})
	if err != nil {
		return err
	}
	proxy, err := sharding.Listen(store.Addr(), record)
	if err != nil {
		return err
	}
	return os.Setenv("MONGODB_URI", "mongodb://"+proxy.Addr()+"/?directConnection=true&replicaSet=rs0")
}

// keys returns the shard key of each collection, nil if it is not sharded.
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

// untargeted returns the texts of the queries that a router would send to every shard.
func untargeted(keys map[string]bson.D, asked map[string]sharding.Query) []string {
	var all []string
	for text, q := range asked {
		if key := keys[q.Collection]; len(key) > 0 && !q.Targeted(key) {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return all
}

// insertedOnly is a collection without queries: a value of a sign-in that is used again is a duplicate key.
const insertedOnly = "accounts_used"

// TestEveryQueryIsTargeted runs everything that visitors, agents and operators can do, and checks the queries to the
// store.
func TestEveryQueryIsTargeted(t *testing.T) {
	keys := keys(t)
	t.Run("journeys", func(t *testing.T) { journeys.Run(t, harness.Running()) })
	t.Run("every operation", everyOperation)
	t.Run("operator operations", operators)
	t.Run("lists of a website with many rows", manyRows)
	checkPlans(t)

	recordings.Lock()
	defer recordings.Unlock()
	if recordings.unknown != nil {
		t.Error(recordings.unknown)
	}
	asked := map[string]bool{}
	for _, q := range recordings.queries {
		if _, declared := keys[q.Collection]; !declared {
			t.Errorf("%s: the collection isn't declared", q)
		}
		asked[q.Collection] = true
	}
	for collection := range keys {
		if !asked[collection] && collection != insertedOnly {
			t.Errorf("no query of %s was recorded, so it isn't tested", collection)
		}
	}
	met := map[string]bool{}
	for _, text := range untargeted(keys, recordings.queries) {
		begin := exempt(text)
		if met[begin] = true; begin == "" {
			t.Errorf("goes to every shard: %s", text)
		}
	}
	for _, begin := range slices.Sorted(maps.Keys(everywhere)) {
		if !met[begin] && !seldom.MatchString(begin) {
			t.Errorf("no such query any more: %s", begin)
		}
	}
}

// exempt returns the longest matching beginning in everywhere, or "".
func exempt(text string) (begin string) {
	for b := range everywhere {
		if strings.HasPrefix(text, b) && len(b) > len(begin) {
			begin = b
		}
	}
	return begin
}

// everyOperation calls each operation of the edge once, with an idempotency key if it accepts one.
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

// operators reads the lists of websites, tokens and changes, exports, recounts and erases.
func operators(t *testing.T) {
	w := harness.Running().World(t, harness.Pro)
	o, site := w.Operator(), fmt.Sprintf("/operator/websites/%d", w.ID)
	id, _ := w.Token(t, harness.Read)
	o.Send(t, 201, "POST", fmt.Sprintf("%s/tokens/%d/rotate", site, id), harness.Map{"overlapSeconds": 60})
	for _, path := range []string{
		"/operator/websites", "/operator/audit", "/operator/audit?websiteId=" + fmt.Sprint(w.ID),
		site + "/tokens", site + "/users", site + "/export", site + "/visitors/" + w.Caller.Token + "/export",
	} {
		o.Do(t, "GET", path, nil).Want(t, 200)
	}
	o.Do(t, "POST", site+"/statistics/recount", harness.Map{"repair": true}).Want(t, 200)
	swept(t, w, o.Send(t, 202, "DELETE", site+"/visitors/"+w.Caller.Token, nil).Int("id"))
	swept(t, w, o.Send(t, 202, "DELETE", site, nil).Int("id"))
}

// swept waits until an erasure has processed everything once.
func swept(t *testing.T, w *harness.World, id int64) {
	t.Helper()
	harness.Eventually(t, 3*harness.Patience, "the erasure has processed everything once", func() (bool, any) {
		e := w.Operator().Get(t, fmt.Sprintf("/operator/erasures/%d", id))
		return !e.Null("sweptAt"), e
	})
}
