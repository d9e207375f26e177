package traces_test

import (
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// wantTree waits until a trace has the wanted spans. Quotas and ids are taken in blocks, so whether a request needs a
// new block depends on earlier requests; the spans for it are left out.
func wantTree(t *testing.T, trace, want string) {
	t.Helper()
	want = strings.TrimPrefix(want, "\n")
	harness.Eventually(t, harness.Patience, "the trace is complete", func() (bool, any) {
		var spans []span
		for _, s := range received.of(trace) {
			if !strings.HasPrefix(s.title(), "api-gateway: eval") && !strings.HasSuffix(s.title(), "_sequences") {
				spans = append(spans, s)
			}
		}
		got := tree(spans, "", "")
		return got == want, "\n" + got
	})
}

// wantStatus checks the status of the edge's span in a trace, and whether it is marked as failed.
func wantStatus(t *testing.T, trace, status string, failed bool) {
	t.Helper()
	for _, s := range received.of(trace) {
		if s.parent() == "" && (s.attribute("http.response.status_code") != status || s.failed() != failed) {
			t.Errorf("%s has status %s, and failed: %t", s.title(), s.attribute("http.response.status_code"), s.failed())
		}
	}
}

// opened is the trace of the first message of a visitor who isn't in the edge's cache.
const opened = `
api-gateway: POST /visitor/conversations
  api-gateway: GET
    visitors: GET /internal/visitor-tokens/{token} (visitors.resolve_token)
      visitors: find visitors_tokens
      visitors: update visitors_visitors
  conversations: POST /visitor/conversations (conversations.open_conversation)
    conversations: transaction
      conversations: commitTransaction
      conversations: insert conversations_conversations
      conversations: insert conversations_messages
      conversations: insert conversations_outbox
      conversations: insert conversations_tally_changes
`

// TestTraceOfAMessage follows a message from the edge into the store, and from there through the event stream to all
// consumers.
func TestTraceOfAMessage(t *testing.T) {
	w := harness.Running().Website(t, harness.Free)
	hook := harness.Receive(t, nil)
	w.NewWebhook(t, hook.URL, "message.created")
	v := w.Visit(t, nil)
	_, trace := asked(t, v.Client, 201, "POST", "/visitor/conversations", harness.Map{"content": "Where is my parcel?"})
	wantTree(t, trace, opened)
	wantStatus(t, trace, "201", false)

	want := map[string]string{ // the consumers, and the least that each does
		"conversations: relay conversations":   "conversations: update conversations_outbox",
		"conversations: publish conversations": "conversations: PIPELINE",
		"conversations: show conversations":    "",
		"statistics: follow conversations":     "statistics: commitTransaction",
		"webhooks: follow conversations":       "webhooks: insert webhooks_deliveries",
		"webhooks: webhook message.created":    "",
	}
	harness.Eventually(t, harness.Patience, "all consumers' spans link to it", func() (bool, any) {
		missing := []string{}
		found := received.linkedTo(trace)
		for title, does := range want {
			below, there := found[title]
			if !there || !strings.Contains(below, does) {
				missing = append(missing, title+": "+below)
			}
		}
		return len(missing) == 0 && len(found) == len(want), missing
	})
	sent := hook.Got()[0].Header.Get("Traceparent")
	of := received.titled("webhooks: webhook message.created", trace)
	if !strings.HasPrefix(sent, "00-"+of.trace()+"-"+of.id()) {
		t.Errorf("the receiver got the traceparent %q, but the span is %s of %s", sent, of.id(), of.trace())
	}
}

// TestTraceOfReads checks which services a read of an agent calls.
func TestTraceOfReads(t *testing.T) {
	w := harness.Running().Website(t, harness.Free)
	token := w.Visit(t, nil).Open(t, "Where is my parcel?")
	_, list := asked(t, w.Reader(), 200, "GET", "/conversations?search=parcel", nil)
	wantTree(t, list, `
api-gateway: GET /conversations
  api-gateway: GET
    accounts: GET /internal/tokens/{hash} (accounts.resolve_token)
      accounts: find accounts_tokens
      accounts: find accounts_websites
      accounts: update accounts_tokens
  conversations: GET /conversations (conversations.list_conversations)
    conversations: aggregate conversations_conversations
    conversations: find conversations_conversations
`)
	_, thread := asked(t, w.Reader(), 200, "GET", "/conversations/"+token, nil)
	wantTree(t, thread, `
api-gateway: GET /conversations/{token}
  conversations: GET /conversations/{token} (conversations.get_conversation)
    conversations: GET
      visitors: GET /internal/visitors (visitors.get_visitors)
        visitors: find visitors_visitors
    conversations: find conversations_conversations
    conversations: find conversations_messages
`)
}

// TestTraceOfEdgeResponses checks requests that reach no service: with a malformed token, and for a cached widget.
func TestTraceOfEdgeResponses(t *testing.T) {
	w := harness.Running().Website(t, harness.Free)
	_, refused := asked(t, w.Bearer("5c_none"), 401, "GET", "/conversations", nil)
	wantTree(t, refused, `
api-gateway: GET /conversations
`)
	wantStatus(t, refused, "401", false)
	_, unknown := asked(t, w.Bearer(harness.Lookalike(w.Secret(harness.Read))), 401, "GET", "/conversations", nil)
	wantTree(t, unknown, `
api-gateway: GET /conversations
`)
	_, first := asked(t, w.Public(), 200, "GET", "/widgets/"+w.ClientToken, nil)
	wantTree(t, first, `
api-gateway: GET /widgets/{clientToken}
  widgets: GET /widgets/{clientToken} (widgets.get_widget)
    widgets: find widgets_tokens
    widgets: find widgets_widgets
`)
	// it is cached for a second
	harness.Eventually(t, harness.Patience, "a widget is read from the cache", func() (bool, any) {
		_, again := asked(t, w.Public(), 200, "GET", "/widgets/"+w.ClientToken, nil)
		harness.Eventually(t, harness.Patience, "it has a trace", func() (bool, any) {
			return len(received.of(again)) > 0, nil
		})
		got := tree(received.of(again), "", "")
		return got == "api-gateway: GET /widgets/{clientToken}\n", got
	})
}

// TestLogLinesHaveTheirTrace checks that each component's log line of a request has the ids of the request and of
// the trace, and the website.
func TestLogLinesHaveTheirTrace(t *testing.T) {
	w := harness.Running().Website(t, harness.Free)
	id := harness.Unique("request-")
	w.Reader().With("X-Request-Id", id).Do(t, "GET", "/conversations", nil).Want(t, 200)
	harness.Eventually(t, harness.Patience, "the request has its lines", func() (bool, any) {
		lines, traces, seen := log.lines(t, id), map[string]bool{}, map[string]int64{}
		for _, l := range lines {
			traces[l.Trace] = true
			seen[l.Component+" "+l.Level] = l.Website
		}
		return len(lines) == 4 && len(traces) == 1 && !traces[""] && // accounts is called for the token and for the quotas
			seen["api-gateway INFO"] == w.ID && seen["conversations DEBUG"] == w.ID, lines
	})
}
