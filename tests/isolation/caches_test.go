package isolation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/tests/harness"
)

// refused waits at most a second until a client's token is refused like one that was never issued. It also checks
// requests that succeeded before, with their ETag and their idempotency key.
func refused(t *testing.T, what string, c harness.Client, w *harness.World, tag, key string) {
	t.Helper()
	unknownClient := harness.Running().Bearer(identity.NewSecret())
	harness.Eventually(t, time.Second, what+" is refused", func() (bool, any) {
		a := c.Do(t, "GET", "/website", nil)
		return a.Status == 401, a.Status
	})
	for _, ask := range []func(harness.Client) harness.Answer{
		func(c harness.Client) harness.Answer { return c.Do(t, "GET", "/website", nil) },
		func(c harness.Client) harness.Answer { return c.Do(t, "GET", "/tickets/"+w.Ticket, nil) },
		func(c harness.Client) harness.Answer {
			return c.With("If-None-Match", tag).Do(t, "GET", "/tickets/"+w.Ticket, nil)
		},
		func(c harness.Client) harness.Answer {
			return c.With("Idempotency-Key", key).Do(t, "POST", "/tickets", harness.Map{"title": "Once"})
		},
		func(c harness.Client) harness.Answer { return c.Do(t, "GET", "/health", nil) },
	} {
		if theirs, unknowns := plain(ask(c)), plain(ask(unknownClient)); theirs != unknowns {
			t.Errorf("%s gets another response than an unknown token:\n%s\n%s", what, theirs, unknowns)
		}
	}
}

// TestCachesForgetTokens checks a used token that was revoked, has expired by rotation, or whose website was erased.
// Every response is like the one for an unknown token, whatever it was before. Its successor works.
func TestCachesForgetTokens(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	for name, end := range map[string]func(t *testing.T, w *harness.World, id int64) (successor string){
		"a revoked token": func(t *testing.T, w *harness.World, id int64) string { w.Revoke(t, id); return "" },
		"a rotated token": func(t *testing.T, w *harness.World, id int64) string {
			return w.Operator().Send(t, 201, "POST", fmt.Sprintf("/operator/websites/%d/tokens/%d/rotate", w.ID, id),
				harness.Map{"overlapSeconds": 0}).Text("token")
		},
		"an erased website's token": func(t *testing.T, w *harness.World, _ int64) string {
			w.Swept(t, w.Operator().Send(t, 202, "DELETE", fmt.Sprintf("/operator/websites/%d", w.ID), nil).Int("id"))
			return ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := s.World(t, harness.Pro)
			id, secret := w.Token(t, harness.ReadWrite)
			c, key := s.Bearer(secret), harness.Unique("key.")
			tag := c.Do(t, "GET", "/tickets/"+w.Ticket, nil).Want(t, 200).Header.Get("ETag")
			c.With("If-None-Match", tag).Do(t, "GET", "/tickets/"+w.Ticket, nil).Want(t, 304)
			for _, replayed := range []string{"", "true"} {
				a := c.With("Idempotency-Key", key).Do(t, "POST", "/tickets", harness.Map{"title": "Once"}).Want(t, 201)
				if got := a.Header.Get("Idempotency-Replayed"); got != replayed {
					t.Errorf("Idempotency-Replayed is %q, want %q", got, replayed)
				}
			}
			successor := end(t, w, id)
			refused(t, name, c, w, tag, key)
			if successor != "" {
				s.Bearer(successor).With("If-None-Match", tag).Do(t, "GET", "/tickets/"+w.Ticket, nil).Want(t, 304)
			}
		})
	}
}

// TestCachesAreIsolated checks that no website gets another website's cached response: not for the same request,
// idempotency key or ETag, and not if one of them changes.
func TestCachesAreIsolated(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	settings := func(w *harness.World) string {
		return string(w.Public().Do(t, "GET", "/widgets/"+w.ClientToken, nil).Want(t, 200).Body)
	}
	script := func(w *harness.World) string {
		return string(w.Public().Do(t, "GET", "/widget/"+w.ClientToken, nil).Want(t, 200).Body)
	}
	kept := []string{settings(c.other), script(c.other)}
	colour := "#0a0b0c"
	c.own.Writer().Send(t, 200, "PATCH", "/widgets/"+c.own.ClientToken, harness.Map{"color": colour})
	harness.Eventually(t, time.Second, "the change is shown", func() (bool, any) {
		o := c.own.Public().Get(t, "/widgets/"+c.own.ClientToken)
		return o.Text("color") == colour, o
	})
	if now := []string{settings(c.other), script(c.other)}; !slices.Equal(now, kept) {
		t.Errorf("the other website's widget is %s, was %s", now, kept)
	}
	for _, path := range []string{
		"/conversations/{conversation}", "/visitors/{visitor}", "/tickets/{ticket}",
		"/users/{user}", "/webhooks/{webhook}",
	} {
		at := func(w *harness.World) string { return harness.Fill(path, w.Objects()) }
		tag := c.other.Reader().Do(t, "GET", at(c.other), nil).Want(t, 200).Header.Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", path)
		}
		c.own.Reader().With("If-None-Match", tag).Do(t, "GET", at(c.own), nil).Want(t, 200)
		c.other.Reader().With("If-None-Match", tag).Do(t, "GET", at(c.other), nil).Want(t, 304)
	}
	// One key, one request, two websites, and two visitors: each request is executed for its own caller.
	key := harness.Unique("key.")
	for _, w := range []*harness.World{c.own, c.other} {
		made := w.Agent().With("Idempotency-Key", key).Do(t, "POST", "/tickets",
			harness.Map{"title": "The same"}).Want(t, 201)
		if made.Header.Get("Idempotency-Replayed") != "" || made.Object().Int("websiteId") != w.ID {
			t.Errorf("website %d got %v %s", w.ID, made.Header, made.Body)
		}
		for _, visitor := range []harness.Session{w.Caller, w.Visit(t, nil)} {
			opened := visitor.With("Idempotency-Key", key).Do(t, "POST", "/visitor/conversations",
				harness.Map{"content": "The same"}).Want(t, 201)
			if got := opened.Object().Object("conversation").Int("visitorId"); opened.Header.Get("Idempotency-Replayed") != "" ||
				got != visitor.ID {
				t.Errorf("visitor %d got %v %s", visitor.ID, opened.Header, opened.Body)
			}
		}
	}
}
