package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
)

// reply is a response of the fake server. Status zero means that the connection breaks.
type reply struct {
	status int
	body   string
	header http.Header
}

// server returns one reply after the other, and repeats the last one.
type server struct {
	replies  []reply
	requests []*http.Request
	bodies   []string
	at       []time.Time
}

var errBroken = errors.New("the connection broke")

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests, s.at = append(s.requests, r), append(s.at, time.Now())
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	}
	s.bodies = append(s.bodies, body)
	a := s.replies[0]
	if len(s.replies) > 1 {
		s.replies = s.replies[1:]
	}
	if a.status == 0 {
		return nil, errBroken
	}
	h := a.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{
		StatusCode: a.status,
		Header:     h,
		Body:       io.NopCloser(strings.NewReader(a.body)),
		Request:    r,
	}, nil
}

// waited returns the pause before the last attempt.
func (s *server) waited() time.Duration { return s.at[len(s.at)-1].Sub(s.at[len(s.at)-2]) }

func problem(status int, code string) reply {
	b, _ := json.Marshal(
		api.Problem{
			Status: status,
			Code:   code,
			Detail: "no",
			Errors: []api.FieldProblem{{Field: "title", Message: "is required"}},
		},
	)
	return reply{status, string(b), http.Header{"Content-Type": {"application/problem+json"}}}
}

func later(r reply, seconds string) reply {
	r.header = http.Header{"Retry-After": {seconds}}
	return r
}

func newClient(t *testing.T, s *server, options ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New("https://chat.example/", client.Token("secret"), append(options, client.Transport(s))...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var fine = reply{200, `{"data":[]}`, nil}

func TestRetriesOfSafeRequests(t *testing.T) {
	t.Parallel()
	type call func(context.Context, *client.Client) error
	list := func(ctx context.Context, c *client.Client) error { _, err := c.ListTags(ctx); return err }
	post := func(ctx context.Context, c *client.Client) error { return c.MarkRead(ctx, "conv_1", nil) }
	begin := func(ctx context.Context, c *client.Client) error {
		_, err := c.OpenSession(ctx, api.NewSession{ClientToken: "a"})
		return err
	}
	remove := func(ctx context.Context, c *client.Client) error { _, err := c.DeleteTag(ctx, "a", nil); return err }
	for name, c := range map[string]struct {
		call     call
		replies  []reply
		attempts int
		least    time.Duration // before the last attempt
		fails    string
	}{
		"at once": {list, []reply{fine}, 1, 0, ""},
		"limited": {
			list, []reply{later(problem(429, "rate_limited"), "7"), fine}, 2, 7 * time.Second, "",
		},
		"unavailable": {
			post,
			[]reply{later(problem(503, "unavailable"), "2"), problem(503, "unavailable"), {status: 204}},
			3,
			200 * time.Millisecond, "",
		},
		"unavailable permanently": {
			list,
			[]reply{problem(503, "unavailable")},
			5, 800 * time.Millisecond,
			"gave up after 5 attempts: 503 unavailable: no",
		},
		"unavailable for a day": {
			list, []reply{later(problem(503, "unavailable"), "86400"), fine}, 2, 5 * time.Minute, "",
		},
		"a broken connection":                {list, []reply{{}, fine}, 2, 100 * time.Millisecond, ""},
		"a broken connection while writing":  {post, []reply{{}, {status: 204}}, 2, 0, ""},
		"a broken connection while deleting": {remove, []reply{{}, fine}, 1, 0, "the connection broke"},
		// Opening a session accepts no idempotency key.
		"a broken connection while opening a session": {begin, []reply{{}, fine}, 1, 0, "the connection broke"},
		"limited while opening a session": {
			begin,
			[]reply{later(problem(429, "rate_limited"), "1"), {201, `{"visitorToken":"vis_1"}`, nil}},
			2,
			time.Second, "",
		},
		"limited while deleting": {
			remove,
			[]reply{later(problem(429, "rate_limited"), "1"), {200, `{"name":"a","deleted":true}`, nil}},
			2,
			time.Second, "",
		},
		"too long": {list, []reply{problem(504, "timeout"), fine}, 2, 0, ""},
		"an attempt in progress": {
			post, []reply{later(problem(409, "idempotency_in_progress"), "1"), {status: 204}}, 2, time.Second, "",
		},
		"refused": {
			post, []reply{problem(404, "not_found")}, 1, 0, "404 not_found: no",
		},
		"an internal error": {
			list, []reply{problem(500, "internal")}, 1, 0, "500 internal: no",
		},
		"another conflict": {
			post, []reply{problem(409, "conversation_full")}, 1, 0, "409 conversation_full: no",
		},
		"a proxy's error": {
			list, []reply{{403, "<h1>Access denied</h1>", nil}}, 1, 0, "403 unknown: <h1>Access denied</h1>",
		},
		"a response that isn't JSON": {list, []reply{{200, "<h1>", nil}}, 1, 0, "not as documented"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{replies: c.replies}
				err := c.call(t.Context(), newClient(t, s))
				if c.fails == "" && err != nil ||
					c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
					t.Errorf("%v, want %q", err, c.fails)
				}
				if len(s.requests) != c.attempts {
					t.Fatalf("%d attempts, want %d", len(s.requests), c.attempts)
				}
				if c.attempts > 1 && (s.waited() < c.least || s.waited() > c.least+2*time.Second) {
					t.Errorf("waited %v, want about %v", s.waited(), c.least)
				}
			})
		})
	}
}

func TestAttemptsOfACallAreEqual(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{replies: []reply{{}, problem(503, "unavailable"), {201, `{"id":5,"content":"Hello"}`, nil}}}
		c := newClient(t, s)
		made, err := c.PostMessage(t.Context(), "conv_1", nil, api.AgentMessage{Content: "Hello"})
		if err != nil || made.Status != 201 || made.Body.ID != 5 {
			t.Fatalf("%+v %v", made, err)
		}
		key := s.requests[0].Header.Get("Idempotency-Key")
		for i, r := range s.requests {
			if r.URL.String() != "https://chat.example/conversations/conv_1/messages" ||
				r.Header.Get("Authorization") != "Bearer secret" {
				t.Errorf("try %d: %s %v", i, r.URL, r.Header)
			}
			if s.bodies[i] != `{"content":"Hello"}` || key == "" || r.Header.Get("Idempotency-Key") != key {
				t.Errorf("attempt %d sends %q under the key %q", i, s.bodies[i], r.Header.Get("Idempotency-Key"))
			}
		}
		if _, err = c.PostMessage(t.Context(), "conv_1", nil, api.AgentMessage{Content: "Hello"}); err != nil ||
			s.requests[3].Header.Get("Idempotency-Key") == key {
			t.Errorf("another call has the same key: %v", err)
		}
		own := "mine"
		params := &api.PostMessageParams{IdempotencyKey: &own}
		if _, err = c.PostMessage(t.Context(), "conv_1", params, api.AgentMessage{Content: "Hello"}); err != nil ||
			s.requests[4].Header.Get("Idempotency-Key") != own {
			t.Errorf("the caller's own key isn't sent: %v", err)
		}
	})
}

func TestRefusalHasTheServersProblem(t *testing.T) {
	t.Parallel()
	s := &server{replies: []reply{later(problem(400, "validation_failed"), "3")}}
	_, err := newClient(t, s).CreateTicket(t.Context(), nil, api.NewTicket{})
	var refusal *client.Refusal
	if !errors.As(err, &refusal) || refusal.Status != 400 || refusal.Code != "validation_failed" ||
		refusal.Errors[0].Field != "title" ||
		refusal.RetryAfter != 3*time.Second {
		t.Errorf("%#v", err)
	}
}

func TestContextEndsACallThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{replies: []reply{later(problem(429, "rate_limited"), "60")}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := newClient(t, s).ListTags(ctx); !errors.Is(err, context.DeadlineExceeded) ||
			time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who          client.Credential
		header, want string
	}{
		"token":           {client.Token("a"), "Authorization", "Bearer a"},
		"visitor":         {client.Visitor("vis_a", "vsec_a"), "X-Visitor-Id", "vis_a"},
		"visitor, proven": {client.Visitor("vis_a", "vsec_a"), "X-Visitor-Secret", "vsec_a"},
		"visitor, named":  {client.Visitor("vis_a", ""), "X-Visitor-Secret", ""},
		"nobody":          {client.Nobody, "Authorization", ""},
	} {
		s := &server{replies: []reply{fine}}
		asking, err := client.New("https://chat.example", c.who, client.Transport(s))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asking.ListTags(t.Context()); err != nil || s.requests[0].Header.Get(c.header) != c.want {
			t.Errorf("%s: %v %v", name, s.requests[0].Header, err)
		}
	}
}

// TestNotModifiedIsASuccess: 304 isn't a Refusal, and has no body.
func TestNotModifiedIsASuccess(t *testing.T) {
	t.Parallel()
	s := &server{replies: []reply{{304, "", http.Header{"Etag": {`"7"`}}}}}
	tag := `"7"`
	a, err := newClient(t, s).GetTicket(t.Context(), "1", &api.GetTicketParams{IfNoneMatch: &tag})
	if err != nil || a.Status != 304 || a.Body.ID != "" || a.Header.Get("ETag") != tag ||
		s.requests[0].Header.Get("If-None-Match") != tag {
		t.Errorf("%+v %v", a, err)
	}
}
