package isolation_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestListsHoldOnlyOwn checks that no list, with any filter, search or cursor, contains a row of another website.
func TestListsHoldOnlyOwn(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for range 3 {
		c.other.Visit(t, nil).Open(t, "Where is my parcel?")
		c.other.NewTicket(t, harness.Map{"title": "Lost parcel"})
	}
	theirs := c.other.Objects()
	thread := c.other.Reader().Get(t, "/conversations/"+c.other.Conversation).Object("conversation")
	foreign := []string{
		"", "?limit=100", "?search=parcel", "?visitorId=" + harness.PathID(c.other.Caller.ID), "?assigneeId=" +
			theirs["user"],
		"?status=OPEN", "?page=2&limit=1", "?online=true", "?websiteId=" + harness.PathID(c.other.ID),
		"?mentioned=" + theirs["user"],
	}
	documented := map[string]bool{"/conversations": true, "/tickets": true}
	for _, list := range []string{"/conversations", "/inbox", "/tickets", "/visitors", "/users", "/tags"} {
		queries := foreign
		if list != "/tags" {
			next := c.other.Reader().Get(t, list+"?limit=1")
			if !next.Null("nextCursor") {
				queries = append(queries, "?cursor="+url.QueryEscape(next.Text("nextCursor")))
			}
		}
		for _, query := range queries {
			a := c.own.Reader().Do(t, "GET", list+query, nil)
			if a.Status == 400 && !documented[list] { // operations of our own refuse parameters that they don't have
				a.Want(t, 400)
				continue
			}
			a.Want(t, 200)
			for what, name := range map[string]string{
				"conversation": theirs["conversation"], "visitor": theirs["visitor"], "tag": theirs["tag"],
				"website": fmt.Sprintf(`"websiteId":%d,`, c.other.ID),
				"user":    c.other.User.Text("email"), "website's name": c.other.Name,
			} {
				if strings.Contains(string(a.Body), name) {
					t.Errorf("%s%s holds another website's %s: %s", list, query, what, a.Body)
				}
			}
			if strings.Contains(query, "Id=") && list != "/tags" && list != "/users" && list != "/visitors" && a.Status == 200 &&
				!strings.Contains(query, "websiteId") {
				if n := a.Object().Int("total"); n != 0 {
					t.Errorf("%s%s finds %d rows by another website's id", list, query, n)
				}
			}
		}
	}
	if thread.Int("websiteId") != c.other.ID {
		t.Errorf("the other website's conversation: %s", thread)
	}
}

// TestReferences checks that another website's object in a body is refused exactly like one that does not exist.
func TestReferences(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	agent := c.own.Agent()
	unknown := c.own.Unknown()
	before, mine := c.other.State(t), c.own.State(t)
	id := func(names map[string]string, kind string) any { return rawNumber(names[kind]) }
	for name, ask := range map[string]func(names map[string]string) harness.Answer{
		"a ticket's visitor": func(n map[string]string) harness.Answer {
			return agent.Do(t, "POST", "/tickets", harness.Map{"title": "x", "visitorToken": n["visitor"]})
		},
		"a ticket's conversation": func(n map[string]string) harness.Answer {
			return agent.Do(t, "POST", "/tickets", harness.Map{"title": "x", "conversationToken": n["conversation"]})
		},
		"a changed ticket's visitor": func(n map[string]string) harness.Answer {
			return agent.Do(t, "PATCH", "/tickets/"+c.own.Ticket, harness.Map{"title": "x", "visitorToken": n["visitor"]})
		},
		"a ticket's assignee": func(n map[string]string) harness.Answer {
			return agent.Do(t, "PATCH", "/tickets/"+c.own.Ticket, harness.Map{"title": "x", "assigneeId": id(n, "user")})
		},
		"a conversation's assignee": func(n map[string]string) harness.Answer {
			return agent.Do(t, "PATCH", "/conversations/"+c.own.Conversation,
				harness.Map{"summary": "x", "assigneeId": id(n, "user")})
		},
		"a note's mention": func(n map[string]string) harness.Answer {
			return agent.Do(t, "POST", "/conversations/"+c.own.Conversation+"/notes",
				harness.Map{"content": "x", "mentions": []any{id(n, "user")}})
		},
		"a message's author": func(n map[string]string) harness.Answer {
			return agent.Do(t, "POST", "/conversations/"+c.own.Conversation+"/messages",
				harness.Map{"content": "x", "authorId": id(n, "user")})
		},
	} {
		theirs, none := ask(c.other.Objects()), ask(unknown)
		theirs.Want(t, 400)
		if a, b := plain(theirs), plain(none); a != b {
			t.Errorf("%s: another website's object gets another response than an unknown one:\n%s\n%s", name, a, b)
		}
	}
	if c.other.State(t) != before || c.own.State(t) != mine {
		t.Errorf("refused references changed the state")
	}
}

// rawNumber is a number that is sent unchanged.
type rawNumber string

func (n rawNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// TestNumericIDsDontReplaceTokens: an object that is named by a token isn't found by its number.
func TestNumericIDsDontReplaceTokens(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	number := c.own.Reader().Get(t, "/conversations/"+c.own.Conversation).Object("conversation").Int("id")
	c.own.Reader().Do(t, "GET", "/conversations/"+harness.PathID(number), nil).Want(t, 404)
	for _, path := range []string{"/visitors/" + harness.PathID(c.own.Caller.ID), "/widgets/" + harness.PathID(c.own.ID)} {
		if a := c.own.Reader().Do(t, "GET", path, nil); a.Status != 404 && a.Status != 400 {
			t.Errorf("GET %s: status %d", path, a.Status)
		}
	}
}

// TestStatisticsAreIsolated checks that events on one website count on that one only.
func TestStatisticsAreIsolated(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	quiet := harness.Running().Website(t, harness.Free)
	harness.Eventually(t, harness.Patience, "the busy website's statistics", func() (bool, any) {
		o := c.own.Reader().Get(t, "/statistics/current")
		return o.Int("totalConversations") == 1 && o.Int("totalMessages") == 2 && o.Int("totalVisitors") == 2, o
	})
	for _, name := range []string{
		"totalConversations", "activeConversations", "totalMessages", "totalVisitors",
		"onlineVisitors",
	} {
		if n := quiet.Reader().Get(t, "/statistics/current").Int(name); n != 0 {
			t.Errorf("%s is %d on a website where nothing happened", name, n)
		}
	}
}

// TestOperatorListener checks that the operator's operations are on a separate listener and require the operator key.
func TestOperatorListener(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	body := harness.Map{"name": "x", "url": "https://x.example", "plan": harness.Pro}
	at := harness.NewClient(w.OperatorURL)
	for name, c := range map[string]harness.Client{
		"no key": at, "garbage": at.With("Authorization", "Bearer garbage"),
		"key cut": at.With("Authorization", "Bearer "+w.OperatorKey[:len(w.OperatorKey)-1]),
	} {
		for _, ask := range []struct{ method, path string }{
			{"POST", "/operator/websites"},
			{"GET", "/operator/websites"},
			{"POST", fmt.Sprintf("/operator/websites/%d/tokens", w.ID)},
		} {
			if a := c.Do(t, ask.method, ask.path, body); a.Status != 401 {
				t.Errorf("%s: %s %s: status %d, want 401", name, ask.method, ask.path, a.Status)
			}
		}
	}
	_, secret := w.Token(t, harness.ReadWrite)
	at.With("Authorization", "Bearer "+secret).Do(t, "GET", "/operator/websites", nil).Want(t, 401)
	w.Operator().Do(t, "GET", "/conversations", nil).Want(t, 404)
	w.Bearer(w.OperatorKey).Do(t, "POST", "/operator/websites", body).Want(t, 404)
	listed := w.Operator().Do(t, "GET", fmt.Sprintf("/operator/websites/%d/tokens", w.ID), nil).Want(t, 200)
	if strings.Contains(string(listed.Body), secret) {
		t.Errorf("a list of tokens holds a secret")
	}
	other := harness.Running().Website(t, harness.Free)
	id, _ := w.Token(t, harness.Read)
	w.Operator().Do(t, "DELETE", fmt.Sprintf("/operator/websites/%d/tokens/%d", other.ID, id), nil).Want(t, 404)
}
