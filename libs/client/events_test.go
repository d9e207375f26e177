package client_test

import (
	"context"
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

func frames(text string) reply {
	return reply{200, text, http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}}}
}

// TestStreamReconnectsAndResumes: after ends, broken connections and unavailable servers, from the last event with an
// id.
func TestStreamReconnectsAndResumes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{replies: []reply{
			frames(
				": hello\n\nevent: ready\ndata: {\"resumed\":true}\n\nid: 1.0.0\nevent: message.created\ndata: {\"a\":1}\n\n" +
					"event: typing\ndata: {}\n\nid: 2.0.0\nevent: half",
			),
			{},
			later(problem(503, "unavailable"), "3"),
			later(problem(429, "too_many_streams"), "5"),
			frames("event: typing\ndata: {}\n\nid: 3.0.0\nevent: ticket.created\ndata: {\"b\":2}\n\n"),
			problem(401, "token_invalid"),
		}}
		var received []string
		var end error
		for e, err := range newClient(t, s).StreamEvents(t.Context(), "0.0.0") {
			if err != nil {
				end = err
				break
			}
			received = append(received, e.ID+" "+e.Name+" "+string(e.Data))
		}
		want := `0.0.0 ready {"resumed":true}, 1.0.0 message.created {"a":1}, ` +
			`1.0.0 typing {}, 1.0.0 typing {}, 3.0.0 ticket.created {"b":2}`
		if got := strings.Join(received, ", "); got != want {
			t.Errorf("received %s, want %s", got, want)
		}
		var refusal *client.Refusal
		if !errors.As(end, &refusal) || refusal.Status != 401 {
			t.Errorf("the stream ended with %v", end)
		}
		var sent []string
		for _, r := range s.requests {
			sent = append(sent, r.Header.Get("Last-Event-ID"))
		}
		if got := strings.Join(sent, " "); got != "0.0.0 1.0.0 1.0.0 1.0.0 1.0.0 3.0.0" {
			t.Errorf("the stream resumed after %s", got)
		}
		if s.at[3].Sub(s.at[2]) < 3*time.Second || s.at[4].Sub(s.at[3]) < 5*time.Second {
			t.Errorf("the stream reconnected at %v", s.at)
		}
	})
}

// quiet is a stream without events.
type quiet struct{ ctx context.Context }

func (q quiet) Read([]byte) (int, error) { <-q.ctx.Done(); return 0, q.ctx.Err() }

// silent responds with streams that send one event, then nothing.
type silent struct{ at []time.Time }

func (s *silent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.at = append(s.at, time.Now())
	body := io.MultiReader(strings.NewReader("event: ready\ndata: {\"resumed\":true}\n\n"), quiet{r.Context()})
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
}

func TestSilentStreamIsReconnected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &silent{}
		c, err := client.New("https://chat.example", client.Visitor("vis_1", "vsec_1"), client.Transport(s))
		if err != nil {
			t.Fatal(err)
		}
		readies := 0
		for _, err := range c.StreamOwnEvents(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if readies++; readies == 2 {
				break
			}
		}
		if len(s.at) != 2 || s.at[1].Sub(s.at[0]) < 45*time.Second || s.at[1].Sub(s.at[0]) > 50*time.Second {
			t.Errorf("the stream reconnected at %v", s.at)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var end error
		for _, err := range c.StreamOwnEvents(ctx, "") {
			end = err
		}
		if !errors.Is(end, context.DeadlineExceeded) {
			t.Errorf("the caller's own end is reported as %v", end)
		}
	})
}

func TestEventsAreDecodedByName(t *testing.T) {
	t.Parallel()
	rated := client.Event{Name: client.NameConversationRated, Data: []byte(
		`{"id":"1","type":"conversation.rated","at":"2024-01-15T12:00:00.000Z","data":{"rating":5}}`)}
	if v, err := rated.Decode(); err != nil || v.(api.ConversationRated).Data.Rating != 5 {
		t.Errorf("a rating is %+v, %v", v, err)
	}
	ready := client.Event{Name: client.NameReady, Data: []byte(`{"resumed":true}`)}
	if v, err := ready.Decode(); err != nil || v != any(api.Ready{Resumed: true}) {
		t.Errorf("the first event is %+v, %v", v, err)
	}
	rated.Data = []byte(`{"data":5}`)
	if v, err := rated.Decode(); err == nil {
		t.Errorf("data of a wrong type is %+v", v)
	}
	rated.Name = "conversation.sold"
	if v, err := rated.Decode(); !errors.Is(err, client.ErrUnknownEvent) {
		t.Errorf("an unknown event is %+v, %v", v, err)
	}
}
