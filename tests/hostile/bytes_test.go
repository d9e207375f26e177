package hostile_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

const (
	answerBytes = 1<<20 + 256<<10 // of a response: the bound of its rows, and the envelope of one of them
	longText    = 64 << 10
)

// quotes is the longest text of characters that JSON escapes with two bytes each.
var quotes = strings.Repeat(`"`, longText)

// longConversation creates a conversation of n messages of quotes, and returns its token.
func longConversation(t *testing.T, w *harness.Website, n int) string {
	t.Helper()
	const imported = 55 // the number that fits into the body of an import
	turns := make([]harness.Map, imported)
	for i := range turns {
		turns[i] = harness.Map{"from": "visitor", "text": quotes}
	}
	rows := []harness.Map{{"key": harness.Unique("long-"), "turns": turns}}
	w.Agent().Send(t, 200, "POST", "/conversations/import", harness.Map{"rows": rows})
	token := w.Agent().Get(t, "/conversations").List("data")[0].Text("token")
	for range n - imported {
		w.Agent().Send(t, 201, "POST", "/conversations/"+token+"/messages", harness.Map{"content": quotes})
	}
	return token
}

// inParts follows a response's hasMore and Link, and expects n different messages in order, without a too large
// response.
func inParts(t *testing.T, c harness.Client, path string, n int) {
	t.Helper()
	last, found := int64(0), 0
	for part := 0; ; part++ {
		if part > n {
			t.Fatalf("%s does not end", path)
		}
		a := c.Do(t, "GET", path, nil).Want(t, 200)
		if len(a.Body) > answerBytes {
			t.Errorf("%s returns %d bytes", path, len(a.Body))
		}
		for _, m := range a.Object().List("messages") {
			id, err := strconv.ParseInt(fmt.Sprint(m.M["id"]), 10, 64) // the ids of a ticket's messages are strings
			if err != nil || id <= last {
				t.Fatalf("%s: message %d follows %d, %v", path, id, last, err)
			}
			last = id
			found++
		}
		next, more := linkTo(a.Header.Get("Link"), "next")
		if hasMore := strings.Contains(string(a.Body), `"hasMore":true`); hasMore != more {
			t.Fatalf("%s: hasMore is %v, Link %q", path, hasMore, a.Header.Get("Link"))
		}
		if !more {
			break
		}
		path = next
	}
	if found != n {
		t.Errorf("%s: %d messages of %d", path, found, n)
	}
}

// linkTo returns the URL with a relation in a Link header.
func linkTo(header, rel string) (string, bool) {
	for _, one := range strings.Split(header, ", ") {
		if address, is := strings.CutSuffix(one, `>; rel="`+rel+`"`); is {
			return strings.TrimPrefix(address, "<"), true
		}
	}
	return "", false
}

func TestLongThreadIsSentInParts(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.31").Website(t, harness.Pro)
	const messages = 70
	token := longConversation(t, w, messages)
	inParts(t, w.Reader(), "/conversations/"+token, messages)
	inParts(t, w.Reader(), "/conversations/"+token+"/messages", messages)
}

// TestLongResponsesUseTheQuota checks that a client that reads megabytes is refused long before one that reads small
// responses, gets a Retry-After, and affects no other website.
func TestLongResponsesUseTheQuota(t *testing.T) {
	t.Parallel()
	const (
		requests = 600 // per minute and token
		unit     = 32 << 10
	)
	system := harness.Running().From("198.51.100.44")
	w, other := system.Website(t, harness.Free), system.Website(t, harness.Free)
	token := longConversation(t, w, 55)
	spent, answered := 0, 0
	for range requests {
		a := w.Reader().Do(t, "GET", "/conversations/"+token, nil)
		if a.Status == 429 {
			if a.Header.Get("Retry-After") == "" {
				t.Error("the refusal has no Retry-After")
			}
			break
		}
		a.Want(t, 200)
		answered++
		spent += (len(a.Body) + unit - 1) / unit
	}
	if answered < 5 || spent < requests || spent > 2*requests {
		t.Errorf("%d responses cost %d of %d", answered, spent, requests)
	}
	other.Reader().Do(t, "GET", "/conversations", nil).Want(t, 200)
}

func TestLongTicketIsSentInParts(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.32").Website(t, harness.Pro)
	const messages = 70
	id := w.Agent().Send(t, 201, "POST", "/tickets", harness.Map{"title": "Long"}).Text("id")
	for range messages {
		w.Agent().Send(t, 201, "POST", "/tickets/"+id+"/messages", harness.Map{"content": quotes})
	}
	inParts(t, w.Reader(), "/tickets/"+id, messages)
}

// TestPageOfLongTicketsEndsByBytes checks that such a page states its number of rows, and that following it returns
// every ticket, by cursor and by page number.
func TestPageOfLongTicketsEndsByBytes(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.33").Website(t, harness.Pro)
	const tickets = 70
	for range tickets {
		w.Agent().Send(t, 201, "POST", "/tickets", harness.Map{"title": "Long", "description": quotes})
	}
	for _, by := range []string{"cursor", "page"} {
		seen := map[string]bool{}
		for path, pages := "/tickets?limit=100", 1; path != ""; pages++ {
			a := w.Reader().Do(t, "GET", path, nil).Want(t, 200)
			if len(a.Body) > answerBytes || pages > tickets {
				t.Fatalf("page %d by %s has %d bytes", pages, by, len(a.Body))
			}
			page := a.Object()
			for _, one := range page.List("data") {
				seen[one.Text("id")] = true
			}
			path = ""
			if rows := int64(len(page.List("data"))); page.Bool("hasNextPage") {
				if page.Int("limit") != rows {
					t.Fatalf("a page of %d rows states the limit %d", rows, page.Int("limit"))
				}
				path = "/tickets?limit=100&cursor=" + page.Text("nextCursor")
				if by == "page" {
					path = "/tickets?limit=" + harness.PathID(rows) + "&page=" + harness.PathID(int64(pages+1))
				}
			}
		}
		if len(seen) != tickets {
			t.Errorf("%d tickets of %d by %s", len(seen), tickets, by)
		}
	}
}

// TestConversationHasABoundInBytes checks that a message beyond the bound is refused and not stored.
func TestConversationHasABoundInBytes(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.34").Website(t, harness.Pro)
	const fits = 16 << 20 / longText
	token := longConversation(t, w, fits)
	p := w.Agent().Do(t, "POST", "/conversations/"+token+"/messages", harness.Map{"content": "x"}).Want(t, 409).Object()
	if p.Text("code") != "conversation_full" {
		t.Errorf("refused with %s", p)
	}
	inParts(t, w.Reader(), "/conversations/"+token, fits)
}

// TestCatalogueHasABound checks the bound of a website's tags, which are always read together.
func TestCatalogueHasABound(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.35").Website(t, harness.Pro)
	const most = 500
	for i := range most {
		w.Agent().Do(t, "PUT", fmt.Sprintf("/tags/%d", i), harness.Map{"names": harness.Map{}}).Want(t, 200)
	}
	w.Agent().Do(t, "PUT", "/tags/more", harness.Map{"names": harness.Map{}}).Want(t, 409)
	if n := len(w.Reader().Get(t, "/tags").List("data")); n != most {
		t.Errorf("%d tags", n)
	}
}
