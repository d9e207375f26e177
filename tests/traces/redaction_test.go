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
	"fivechat.dev/libs/process/config"
	conversations "fivechat.dev/services/conversations/app"
	webhooks "fivechat.dev/services/webhooks/app"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/journeys"
)

// secrets are the secret and personal texts in requests to the systems under test. They must not appear in telemetry.
var secrets = &secretTexts{said: map[string]string{}}

// secretTexts holds secret and personal texts, each with a description.
type secretTexts struct {
	mu   sync.Mutex
	said map[string]string
}

// private are the members of bodies that are secret or personal.
var private = map[string]bool{
	"name": true, "email": true, "content": true, "text": true, "title": true, "description": true, "feedback": true,
	"summary": true, "subject": true,
	"clientToken": true, "visitorToken": true, "visitorSecret": true, "conversationToken": true, "clientMessageId": true,
	"secret": true, "url": true,
}

// shortest is the length from which a text can't be in a log by chance.
const shortest = 9

// observe records the secret and personal texts of a request.
func (o *secretTexts) observe(r *http.Request, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note("a bearer", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	o.note("a visitor's token", r.Header.Get("X-Visitor-Id"))
	o.note("a visitor's secret", r.Header.Get("X-Visitor-Secret"))
	o.note("an idempotency key", r.Header.Get("Idempotency-Key"))
	for _, values := range r.URL.Query() {
		for _, v := range values {
			if strings.Contains(v, " ") { // texts to search for
				o.note("a query", v)
			}
		}
	}
	var v any
	if json.Unmarshal(body, &v) == nil {
		o.members("", v)
	}
}

func (o *secretTexts) members(name string, v any) {
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

func (o *secretTexts) note(what, text string) {
	if len(text) >= shortest && text != "undefined" {
		o.said[text] = what
	}
}

// all returns the recorded texts.
func (o *secretTexts) all() map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := map[string]string{}
	for text, what := range o.said {
		all[text] = what
	}
	return all
}

// forms are the forms of secrets and personal data that may not have been in a request.
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

// leaks returns the secret and personal texts in a text, with their surroundings.
func leaks(text string, said map[string]string) (found []string) {
	around := func(from, to int) string { return text[max(0, from-150):min(len(text), to+50)] }
	for what, form := range forms {
		if at := form.FindStringIndex(text); at != nil {
			found = append(found, fmt.Sprintf("%s: %s", what, around(at[0], at[1])))
		}
	}
	index := suffixarray.New([]byte(text))
	for secret, what := range said {
		quoted, _ := json.Marshal(secret) // as it would appear in a line
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

// assertClean fails the test if the text contains secret or personal data.
func assertClean(t *testing.T, what, text string) {
	t.Helper()
	if len(text) < 1000 {
		t.Errorf("%s: only %d bytes", what, len(text))
	}
	for i, l := range leaks(text, secrets.all()) {
		if i == 20 {
			t.Errorf("%s: further leaks", what)
			break
		}
		t.Errorf("%s contains %s", what, l)
	}
}

// allOf returns all text in spans.
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

// TestTelemetryHasNoSecrets checks the telemetry after every journey, with the most verbose settings: neither log nor
// spans nor metrics contain a secret, a token (except for its beginning), a message or a name.
func TestTelemetryHasNoSecrets(t *testing.T) {
	s := harness.Running()
	t.Run("journeys", func(t *testing.T) { journeys.Run(t, s) })
	metrics := s.Measured(t)
	if n := len(secrets.all()); n < 500 {
		t.Errorf("only %d secrets were recorded", n)
	}
	assertClean(t, "the log", log.text())
	assertClean(t, "the spans", allOf(received.all()))
	assertClean(t, "the metrics", metrics)
	if len(received.bad) > 0 {
		t.Errorf("exported spans could not be parsed: %v", received.bad)
	}
}

// TestTelemetryOfFailuresHasNoSecrets checks the telemetry of failures: every operation fails because its stores, or
// its services, are unavailable.
func TestTelemetryOfFailuresHasNoSecrets(t *testing.T) {
	mongo, err := embedmongo.Start(context.Background(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	redis := miniredis.RunT(t)
	said := new(record)
	settings, err := config.Load(system.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	settings.Service.Mongo.URI, settings.Service.Redis.URL = mongo.URI(), "redis://"+redis.Addr()
	settings.Gateway.AdminAddr = "127.0.0.1:0"
	settings.Reach = webhooks.Reach{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, HTTP: true}
	sys, err := system.Start(t.Context(), system.Options{Log: said, Settings: &settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sys.Stop(context.Background()) }) // its stores are closed
	w := harness.System{URL: sys.URL(), OperatorURL: sys.OperatorURL(), OperatorKey: sys.OperatorKey()}.World(t,
		harness.Pro)
	redis.Close()
	if err := mongo.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("of the stores", func(t *testing.T) {
		before := len(received.all())
		failed, answers := callAll(t, w)
		harness.Eventually(t, harness.Patience, "the failures have traces", func() (bool, any) {
			n := 0
			for _, s := range received.all()[before:] {
				if s.parent() == "" && s.failed() {
					n++
				}
			}
			return n >= failed, n
		})
		assertClean(t, "the answers", answers)
		assertClean(t, "the log", said.text())
		assertClean(t, "the spans", allOf(received.all()[before:]))
		assertClean(t, "the metrics", harness.System{AdminURL: sys.AdminURL()}.Measured(t))
	})
	t.Run("of the services", func(t *testing.T) {
		exported, said := newCollector(), new(record)
		t.Cleanup(exported.Close)
		edge := edgeWithoutServices(t, telemetry.Config{
			OTLPEndpoint: exported.URL, SlowTrace: time.Hour, LogTo: said,
			LogLevel: slog.LevelDebug,
		})
		before := *w.Website
		before.System = harness.System{URL: edge.URL("http")}
		failing := *w
		failing.Website, failing.Caller.Client = &before, before.System.Proven(w.Caller.Token, w.Caller.Secret)
		_, answers := callAll(t, &failing)
		if err := edge.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		assertClean(t, "the answers", answers)
		assertClean(t, "the log", said.text())
		assertClean(t, "the spans", allOf(exported.all()))
	})
}

// callAll calls every operation of a failing system, and returns how many failed and their responses.
func callAll(t *testing.T, w *harness.World) (failed int, answers string) {
	t.Helper()
	var mu sync.Mutex
	var all strings.Builder
	var asking sync.WaitGroup
	for _, o := range harness.Operations() {
		if strings.HasSuffix(o.Path, "/events") {
			continue // a stream doesn't end
		}
		asking.Go(func() {
			caller := map[harness.Caller]harness.Client{
				harness.ByPublic: w.Public(), harness.ByVisitor: w.Caller.Client, harness.ByRead: w.Agent(),
				harness.ByWrite: w.Agent(), harness.ByReadWrite: w.Agent(),
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
				t.Errorf("%s responds with %s", o.Name(), a.Body)
			}
			delete(problem, "instance") // the requested path
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

// TestErrorsHaveNoPassword checks that errors contain no password: neither that of an unreachable store, nor that of an
// invalid Redis URL.
func TestErrorsHaveNoPassword(t *testing.T) {
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
		if err == nil || strings.Contains(err.Error()+said.text(), "hunter2hunter2") ||
			strings.Contains(err.Error()+said.text(), "assertassert") {
			t.Errorf("%s: %v\n%s", name, err, said.text())
		}
	}
}

// TestLeaksAreFound checks that each form, and each recorded text, is found if it is planted among allowed text.
func TestLeaksAreFound(t *testing.T) {
	const may = `{"msg":"request","method":"GET","route":"/conversations/{token}",` +
		`"trace_id":"0af7651916cd43dd8448eb211c80319c","token_prefix":"5c_ab12X","client":"203.0.113.0"}` + "\n"
	said := map[string]string{"Where is my parcel?": "a message", "\"Quoted\" words": "another"}
	if found := leaks(may, said); len(found) != 0 {
		t.Errorf("allowed text counts as a leak: %v", found)
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
			t.Errorf("%s is planted, but found is %v", what, found)
		}
	}
	if _, there := forms["a hash"]; len(forms) != 11 || !there {
		t.Errorf("a form has no test: %d", len(forms))
	}
}
