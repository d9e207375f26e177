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

// reply is what a fake server answers; a zero status is a line that breaks.
type reply struct {
	status int
	body   string
	header http.Header
}

// server answers one reply after the other, and the last for ever.
type server struct {
	replies []reply
	asked   []*http.Request
	bodies  []string
	at      []time.Time
}

var errBroken = errors.New("the line broke")

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked, s.at = append(s.asked, r), append(s.at, time.Now())
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
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// waited is the pause before the last try.
func (s *server) waited() time.Duration { return s.at[len(s.at)-1].Sub(s.at[len(s.at)-2]) }

func problem(status int, code string) reply {
	b, _ := json.Marshal(api.Problem{Status: status, Code: code, Detail: "no", Errors: []api.FieldProblem{{Field: "title", Message: "is required"}}})
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

func TestTryingAgain(t *testing.T) {
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
		call    call
		replies []reply
		tries   int
		least   time.Duration // before the last try
		fails   string
	}{
		"at once":                             {list, []reply{fine}, 1, 0, ""},
		"limited":                             {list, []reply{later(problem(429, "rate_limited"), "7"), fine}, 2, 7 * time.Second, ""},
		"away":                                {post, []reply{later(problem(503, "unavailable"), "2"), problem(503, "unavailable"), {status: 204}}, 3, 200 * time.Millisecond, ""},
		"away for good":                       {list, []reply{problem(503, "unavailable")}, 5, 800 * time.Millisecond, "gave up after 5 attempts: 503 unavailable: no"},
		"away for very long":                  {list, []reply{later(problem(503, "unavailable"), "86400"), fine}, 2, 5 * time.Minute, ""},
		"a broken line":                       {list, []reply{{}, fine}, 2, 100 * time.Millisecond, ""},
		"a broken line while writing":         {post, []reply{{}, {status: 204}}, 2, 0, ""},
		"a broken line while deleting":        {remove, []reply{{}, fine}, 1, 0, "the line broke"},
		"a broken line while a visitor comes": {begin, []reply{{}, fine}, 1, 0, "the line broke"}, // which takes no key
		"limited while a visitor comes":       {begin, []reply{later(problem(429, "rate_limited"), "1"), {201, `{"visitorToken":"vis_1"}`, nil}}, 2, time.Second, ""},
		"limited while deleting":              {remove, []reply{later(problem(429, "rate_limited"), "1"), {200, `{"name":"a","deleted":true}`, nil}}, 2, time.Second, ""},
		"too long":                            {list, []reply{problem(504, "timeout"), fine}, 2, 0, ""},
		"still under way":                     {post, []reply{later(problem(409, "idempotency_in_progress"), "1"), {status: 204}}, 2, time.Second, ""},
		"refused":                             {post, []reply{problem(404, "not_found")}, 1, 0, "404 not_found: no"},
		"our mistake":                         {list, []reply{problem(500, "internal")}, 1, 0, "500 internal: no"},
		"another conflict":                    {post, []reply{problem(409, "conversation_full")}, 1, 0, "409 conversation_full: no"},
		"something in between":                {list, []reply{{403, "<h1>Nobody comes here</h1>", nil}}, 1, 0, "403 unknown: <h1>Nobody comes here</h1>"},
		"an answer that is no JSON":           {list, []reply{{200, "<h1>", nil}}, 1, 0, "not as documented"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{replies: c.replies}
				err := c.call(t.Context(), newClient(t, s))
				if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
					t.Errorf("%v, want %q", err, c.fails)
				}
				if len(s.asked) != c.tries {
					t.Fatalf("%d tries, want %d", len(s.asked), c.tries)
				}
				if c.tries > 1 && (s.waited() < c.least || s.waited() > c.least+2*time.Second) {
					t.Errorf("waited %v, want about %v", s.waited(), c.least)
				}
			})
		})
	}
}

func TestARequestIsTheSameOnEveryTry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{replies: []reply{{}, problem(503, "unavailable"), {201, `{"id":5,"content":"Hello"}`, nil}}}
		c := newClient(t, s)
		made, err := c.PostMessage(t.Context(), "conv_1", nil, api.AgentMessage{Content: "Hello"})
		if err != nil || made.Status != 201 || made.Body.ID != 5 {
			t.Fatalf("%+v %v", made, err)
		}
		key := s.asked[0].Header.Get("Idempotency-Key")
		for i, r := range s.asked {
			if r.URL.String() != "https://chat.example/conversations/conv_1/messages" || r.Header.Get("Authorization") != "Bearer secret" {
				t.Errorf("try %d: %s %v", i, r.URL, r.Header)
			}
			if s.bodies[i] != `{"content":"Hello"}` || key == "" || r.Header.Get("Idempotency-Key") != key {
				t.Errorf("try %d sends %q under the key %q", i, s.bodies[i], r.Header.Get("Idempotency-Key"))
			}
		}
		if _, err = c.PostMessage(t.Context(), "conv_1", nil, api.AgentMessage{Content: "Hello"}); err != nil || s.asked[3].Header.Get("Idempotency-Key") == key {
			t.Errorf("another call has the same key: %v", err)
		}
		own := "mine"
		if _, err = c.PostMessage(t.Context(), "conv_1", &api.PostMessageParams{IdempotencyKey: &own}, api.AgentMessage{Content: "Hello"}); err != nil || s.asked[4].Header.Get("Idempotency-Key") != own {
			t.Errorf("a key of the caller's own is not sent: %v", err)
		}
	})
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	s := &server{replies: []reply{later(problem(400, "validation_failed"), "3")}}
	_, err := newClient(t, s).CreateTicket(t.Context(), nil, api.NewTicket{})
	var no *client.Refusal
	if !errors.As(err, &no) || no.Status != 400 || no.Code != "validation_failed" || no.Errors[0].Field != "title" || no.RetryAfter != 3*time.Second {
		t.Errorf("%#v", err)
	}
}

func TestWhoAsksCanLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{replies: []reply{later(problem(429, "rate_limited"), "60")}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := newClient(t, s).ListTags(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
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
		if _, err := asking.ListTags(t.Context()); err != nil || s.asked[0].Header.Get(c.header) != c.want {
			t.Errorf("%s: %v %v", name, s.asked[0].Header, err)
		}
	}
}

// TestHaving: 304 is no refusal, and brings nothing.
func TestHaving(t *testing.T) {
	t.Parallel()
	s := &server{replies: []reply{{304, "", http.Header{"Etag": {`"7"`}}}}}
	tag := `"7"`
	a, err := newClient(t, s).GetTicket(t.Context(), "1", &api.GetTicketParams{IfNoneMatch: &tag})
	if err != nil || a.Status != 304 || a.Body.ID != "" || a.Header.Get("ETag") != tag || s.asked[0].Header.Get("If-None-Match") != tag {
		t.Errorf("%+v %v", a, err)
	}
}
