package traces_test

import (
	"context"
	"encoding/json"
	"fmt"
	"index/suffixarray"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/observe/telemetry"
	conversations "fivechat.dev/services/conversations/app"
	webhooks "fivechat.dev/services/webhooks/app"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/journeys"
)

// secrets are what was said to the systems under test, and is nobody's to read in what they say of themselves.
var secrets = &overheard{said: map[string]string{}}

// overheard is secret and personal texts, each with what it is.
type overheard struct {
	mu   sync.Mutex
	said map[string]string
}

// private are the members of bodies that are secret or personal.
var private = map[string]bool{
	"name": true, "email": true, "content": true, "text": true, "title": true, "description": true, "feedback": true, "summary": true, "subject": true,
	"clientToken": true, "visitorToken": true, "visitorSecret": true, "conversationToken": true, "clientMessageId": true, "secret": true, "url": true,
}

// shortest is how long a text is that cannot stand in a log by chance.
const shortest = 9

// hear notes what of a request is secret or personal.
func (o *overheard) hear(r *http.Request, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note("a bearer", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	o.note("a visitor's token", r.Header.Get("X-Visitor-Id"))
	o.note("a visitor's secret", r.Header.Get("X-Visitor-Secret"))
	o.note("an idempotency key", r.Header.Get("Idempotency-Key"))
	for _, values := range r.URL.Query() {
		for _, v := range values {
			if strings.Contains(v, " ") { // words that are looked for
				o.note("a query", v)
			}
		}
	}
	var v any
	if json.Unmarshal(body, &v) == nil {
		o.members("", v)
	}
}

func (o *overheard) members(name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			o.members(k, e)
		}
	case []any:
		for _, e := range v {
			o.members(name, e)
		}
	case string:
		if private[name] {
			o.note("the member "+name, v)
		}
	}
}

func (o *overheard) note(what, text string) {
	if len(text) >= shortest && text != "undefined" {
		o.said[text] = what
	}
}

// all is what has been heard.
func (o *overheard) all() map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := map[string]string{}
	for text, what := range o.said {
		all[text] = what
	}
	return all
}

// forms are what secrets and personal data look like that no request has said, or not yet.
var forms = map[string]*regexp.Regexp{
	"more of an API token than its beginning": regexp.MustCompile(`5c_\w{6,}`),
	"an operator key":                         regexp.MustCompile(`5o_\w+`),
	"a visitor's token":                       regexp.MustCompile(`vis_\w+`),
	"a conversation's token":                  regexp.MustCompile(`conv_\w+`),
	"a client token":                          regexp.MustCompile(`wgt_\w+`),
	"a webhook's secret":                      regexp.MustCompile(`whsec_[\w+/=]+`),
	"a signature":                             regexp.MustCompile(`v1,[\w+/=]{20,}`),
	"an assertion":                            regexp.MustCompile(`eyJ[\w-]{8,}`),
	"a hash":                                  regexp.MustCompile(`\b[0-9a-f]{64}\b`),
	"a mail address":                          regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`),
	"a password in a URL":                     regexp.MustCompile(`://[^/\s"]*:[^/\s"]*@`),
}

// leaks gives what in a text is secret or personal, with what stands around it.
func leaks(text string, said map[string]string) (found []string) {
	around := func(from, to int) string { return text[max(0, from-150):min(len(text), to+50)] }
	for what, form := range forms {
		if at := form.FindStringIndex(text); at != nil {
			found = append(found, fmt.Sprintf("%s: %s", what, around(at[0], at[1])))
		}
	}
	index := suffixarray.New([]byte(text))
	for secret, what := range said {
		quoted, _ := json.Marshal(secret) // as it would stand in a line
		for _, as := range []string{secret, strings.Trim(string(quoted), `"`)} {
			if at := index.Lookup([]byte(as), 1); len(at) > 0 {
				found = append(found, fmt.Sprintf("%s, %q: %s", what, secret, around(at[0], at[0]+len(as))))
				break
			}
		}
	}
	slices.Sort(found)
	return found
}

// clean fails the test where something of a system's has what is secret or personal.
func clean(t *testing.T, what, text string) {
	t.Helper()
	if len(text) < 1000 {
		t.Errorf("%s: there are only %d bytes", what, len(text))
	}
	for i, l := range leaks(text, secrets.all()) {
		if i == 20 {
			t.Errorf("%s: and more", what)
			break
		}
		t.Errorf("%s has %s", what, l)
	}
}

// allOf is all that spans say.
func allOf(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintln(&b, s.title(), s.Status.GetMessage(), s.TraceState, s.Attributes, s.Events)
		for _, l := range s.Links {
			fmt.Fprintln(&b, l.Attributes, l.TraceState)
		}
	}
	return b.String()
}

// TestNothingSecretIsSaid: after every journey, on a system that says all it can say, neither log nor spans nor metrics have
// a secret, a token but for its beginning, or what anybody wrote or is called.
func TestNothingSecretIsSaid(t *testing.T) {
	s := harness.Running()
	t.Run("journeys", func(t *testing.T) { journeys.Run(t, s) })
	metrics := s.Measured(t)
	if n := len(secrets.all()); n < 500 {
		t.Errorf("only %d secrets were heard", n)
	}
	clean(t, "the log", log.text())
	clean(t, "the spans", allOf(received.all()))
	clean(t, "the metrics", metrics)
	if len(received.bad) > 0 {
		t.Errorf("what was exported could not be read: %v", received.bad)
	}
}

// TestNothingSecretIsSaidOfFailures: with its stores gone everything fails, and so it does where the services are; what is said
// of failures is as discreet.
func TestNothingSecretIsSaidOfFailures(t *testing.T) {
	mongo, err := embedmongo.Start(context.Background(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	redis := miniredis.RunT(t)
	said := new(record)
	sys, err := system.Start(t.Context(), system.Options{
		Log: said, Admin: "127.0.0.1:0", MongoURI: mongo.URI(), RedisURL: "redis://" + redis.Addr(),
		Webhooks: webhooks.Reach{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, HTTP: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sys.Stop(context.Background()) }) // its stores are gone
	w := harness.System{URL: sys.URL(), OperatorURL: sys.OperatorURL(), OperatorKey: sys.OperatorKey()}.World(t, harness.Pro)
	redis.Close()
	if err := mongo.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("of the stores", func(t *testing.T) {
		before := len(received.all())
		failed, answers := ruins(t, w)
		harness.Eventually(t, harness.Patience, "the failures have traces", func() (bool, any) {
			n := 0
			for _, s := range received.all()[before:] {
				if s.parent() == "" && s.failed() {
					n++
				}
			}
			return n >= failed, n
		})
		clean(t, "the answers", answers)
		clean(t, "the log", said.text())
		clean(t, "the spans", allOf(received.all()[before:]))
		clean(t, "the metrics", harness.System{AdminURL: sys.AdminURL()}.Measured(t))
	})
	t.Run("of the services", func(t *testing.T) {
		told, said := newCollector(), new(record)
		t.Cleanup(told.Close)
		edge := alone(t, telemetry.Config{OTLPEndpoint: told.URL, SlowTrace: time.Hour, LogTo: said, LogLevel: slog.LevelDebug})
		before := *w.Website
		before.System = harness.System{URL: edge.URL("http")}
		behind := *w
		behind.Website, behind.Caller.Client = &before, before.System.Proven(w.Caller.Token, w.Caller.Secret)
		_, answers := ruins(t, &behind)
		if err := edge.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		clean(t, "the answers", answers)
		clean(t, "the log", said.text())
		clean(t, "the spans", allOf(told.all()))
	})
}

// ruins asks for every operation of a system of which little is left, and gives how many failed and what they answered.
func ruins(t *testing.T, w *harness.World) (failed int, answers string) {
	t.Helper()
	var mu sync.Mutex
	var all strings.Builder
	var asking sync.WaitGroup
	for _, o := range harness.Operations() {
		if strings.HasSuffix(o.Path, "/events") {
			continue // a stream goes on
		}
		asking.Go(func() {
			caller := map[harness.Caller]harness.Client{
				harness.ByPublic: w.Public(), harness.ByVisitor: w.Caller.Client, harness.ByRead: w.Agent(), harness.ByWrite: w.Agent(), harness.ByReadWrite: w.Agent(),
			}[o.Caller]
			names := w.Objects()
			names["unique"] = harness.Unique("u")
			var body any
			if o.Body != nil {
				body = harness.Fill(o.Body, names)
			}
			a := caller.Try(t, o.Method, harness.Fill(o.Path, names), body)
			if a.Status < 500 {
				return
			}
			problem := harness.Map{}
			if err := json.Unmarshal(a.Body, &problem); err != nil {
				t.Errorf("%s answers %s", o.Name(), a.Body)
			}
			delete(problem, "instance") // the path, as it was asked for
			rest, err := json.Marshal(problem)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			failed++
			all.Write(rest)
		})
	}
	asking.Wait()
	if failed < 30 {
		t.Errorf("only %d operations failed", failed)
	}
	return failed, all.String()
}

// TestAPasswordIsNotSaid: not of the store, where it cannot be reached, nor of Redis, whose address cannot be read.
func TestAPasswordIsNotSaid(t *testing.T) {
	for name, change := range map[string]func(*conversations.Config){
		"the store's": func(c *conversations.Config) {
			c.Mongo.URI = "mongodb://fivechat:hunter2hunter2@127.0.0.1:1/?replicaSet=x"
		},
		"a broken one": func(c *conversations.Config) { c.Mongo.URI = "mongodb://fivechat:hunter2hunter2@127.0.0.1:port/" },
		"Redis's":      func(c *conversations.Config) { c.Redis.URL = "redis://:hunter2hunter2@127.0.0.1:port/0" },
	} {
		c, said := conversations.Default(), new(record)
		c.AssertionKeys, c.Telemetry.LogTo = []string{strings.Repeat("assert", 8)}, io.Writer(said)
		c.Mongo.URI, c.StoreWait = "mongodb://127.0.0.1:1/?replicaSet=x", 0
		change(&c)
		_, err := conversations.New(t.Context(), c)
		if err == nil || strings.Contains(err.Error()+said.text(), "hunter2hunter2") || strings.Contains(err.Error()+said.text(), "assertassert") {
			t.Errorf("%s: %v\n%s", name, err, said.text())
		}
	}
}

// TestALeakIsFound: each form, and each text that was heard, where it is planted among what may be said.
func TestALeakIsFound(t *testing.T) {
	const may = `{"msg":"request","method":"GET","route":"/conversations/{token}","trace_id":"0af7651916cd43dd8448eb211c80319c","token_prefix":"5c_ab12X","client":"203.0.113.0"}` + "\n"
	said := map[string]string{"Where is my parcel?": "a message", "\"Quoted\" words": "another"}
	if found := leaks(may, said); len(found) != 0 {
		t.Errorf("what may be said counts as a leak: %v", found)
	}
	for what, planted := range map[string]string{
		"more of an API token than its beginning": "5c_ab12Xc",
		"an operator key":                         "5o_ABC",
		"a visitor's token":                       "GET /internal/visitor-tokens/vis_abc",
		"a conversation's token":                  "conv_x1",
		"a client token":                          "wgt_x1",
		"a webhook's secret":                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"a signature":                             "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
		"an assertion":                            "eyJhbGciOiJIUzI1NiJ9.e30",
		"a hash":                                  strings.Repeat("0123456789abcdef", 4),
		"a mail address":                          "eve@shop.example",
		"a password in a URL":                     "mongodb://user:pass@host/",
		"a message":                               "Where is my parcel?",
		"another":                                 `\"Quoted\" words`,
	} {
		if found := leaks(may+planted+"\n"+may, said); len(found) != 1 || !strings.HasPrefix(found[0], what) {
			t.Errorf("%s is planted, and found is %v", what, found)
		}
	}
	if _, there := forms["a hash"]; len(forms) != 11 || !there {
		t.Errorf("a form is not tried: %d", len(forms))
	}
}
