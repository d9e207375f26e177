// Package isolation_test checks that one website never sees, changes or recognizes another website's objects: every
// operation, with every kind of object, for every kind of caller.
package isolation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// The kinds of object that an operation is called with.
const (
	own       = "own"
	others    = "another website's"
	unknown   = "unknown"
	malformed = "malformed"
)

// cast is the websites of a test.
type cast struct {
	own, other, free *harness.World
	spent            *harness.World // where keys are used up; only for TestPlaces
}

func newCast(t *testing.T) cast {
	s := harness.Running()
	return cast{own: s.World(t, harness.Pro), other: s.World(t, harness.Pro), free: s.World(t, harness.Free)}
}

// caller is a caller whose own objects are in home.
type caller struct {
	name   string
	home   *harness.World
	client harness.Client
	levels string // the levels of the token; "" without a valid token
}

func (c cast) callers(t *testing.T) []caller {
	const all = harness.Read + " " + harness.Write + " " + harness.ReadWrite
	return []caller{
		{"none", c.own, c.own.Public(), ""},
		{harness.Read, c.own, c.own.Reader(), harness.Read},
		{harness.Write, c.own, c.own.Writer(), harness.Write},
		{harness.ReadWrite, c.own, c.own.Agent(), all},
		{"revoked", c.own, c.own.Bearer(c.own.Revoked(t)), ""},
		{"FREE plan", c.free, c.free.Agent(), all},
	}
}

// want is the status that an operation must return.
func want(op harness.Operation, object string, by caller) int {
	switch {
	case op.Row == 1 && by.name == "revoked":
		return 401
	case op.Caller == harness.ByVisitor: // a bearer token isn't a visitor's credential
		return 400
	case op.Caller == harness.ByPublic:
		if object == own || object == others {
			return op.Status
		}
	case by.levels == "":
		return 401
	case !strings.Contains(" "+by.levels+" ", " "+string(op.Caller)+" "), op.Pro && by.home.Plan == harness.Free:
		return 403
	}
	return wantKnown(op, object)
}

// wantKnown is the status for a caller who may call the operation.
func wantKnown(op harness.Operation, object string) int {
	switch object {
	case own:
		return op.Status
	case malformed:
		return op.Malformed
	default:
		return 404
	}
}

// TestMatrix calls every operation with every object as every caller. The response for another website's object is the
// same, byte for byte, as for one that doesn't exist, and the object stays unchanged.
func TestMatrix(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	callers := c.callers(t)
	before := c.other.State(t)
	t.Run("operations", func(t *testing.T) {
		for _, op := range harness.Operations() {
			t.Run(op.Name(), func(t *testing.T) {
				t.Parallel()
				for _, by := range callers {
					row(t, op, by.name, by.client, by.home, c.other, func(object string) int { return want(op, object, by) })
				}
			})
		}
	})
	if after := c.other.State(t); after != before {
		t.Errorf("the other website changed:\nbefore %s\nafter  %s", before, after)
	}
	assertNotIdentified(t, c.own, c.other, c.free)
}

// TestVisitorMatrix calls the visitors' operations: a visitor reaches only their own conversations.
func TestVisitorMatrix(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	before := c.other.State(t)
	t.Run("operations", func(t *testing.T) {
		for _, op := range harness.Operations() {
			if op.Caller != harness.ByVisitor {
				continue
			}
			t.Run(op.Name(), func(t *testing.T) {
				t.Parallel()
				refusal := 401
				if op.Row == 5 {
					refusal = 400
				}
				for name, token := range map[string]string{
					"unknown":   harness.Lookalike(c.own.Caller.Token),
					"malformed": "no token", "long": strings.Repeat("a", 4000),
				} {
					row(t, op, name+" visitor", c.own.System.Visitor(token), c.own, c.other, func(string) int { return refusal })
				}
				stranger := c.own.Visit(t, nil)
				for name, client := range map[string]harness.Client{
					"the visitor's token alone": c.own.System.Visitor(c.own.Caller.Token),
					"another's secret":          c.own.System.Proven(c.own.Caller.Token, stranger.Secret),
				} {
					row(t, op, name, client, c.own, c.other, func(object string) int {
						if op.Row == 0 { // our own operations require the secret
							return 401
						}
						return wantKnown(op, object)
					})
				}
				row(t, op, "no visitor", c.own.Public(), c.own, c.other, func(string) int { return 400 })
				row(t, op, "the visitor", c.own.Caller.Client, c.own, c.other, func(object string) int {
					return wantKnown(op, object)
				})
				row(t, op, "the visitor with an agent's token", c.own.Caller.With("Authorization", "Bearer garbage"),
					c.own, c.other,
					func(object string) int { return wantKnown(op, object) })
				if op.Malformed != 0 {
					foreign := func(object string) int {
						if object == malformed {
							return op.Malformed
						}
						return 404
					}
					row(t, op, "another visitor", stranger.Client, c.own, c.other, foreign)
					row(t, op, "another website's visitor", c.free.Caller.Client, c.own, c.other, foreign)
				}
			})
		}
	})
	if after := c.other.State(t); after != before {
		t.Errorf("the other website changed:\nbefore %s\nafter  %s", before, after)
	}
	assertNotIdentified(t, c.own, c.other, c.free)
}

// row calls an operation with every kind of object as one caller.
func row(t *testing.T, op harness.Operation, name string, client harness.Client, home, other *harness.World,
	want func(object string) int,
) {
	t.Helper()
	objects := map[string]map[string]string{own: home.Objects()}
	if op.Malformed != 0 {
		objects = map[string]map[string]string{
			own: home.Objects(), others: other.Objects(), unknown: home.Unknown(),
			malformed: harness.Malformed(),
		}
	}
	answers := map[string]string{}
	for object, names := range objects {
		status := want(object)
		if op.Ends && object == own && status == op.Status { // it ends its object, so it gets a new one
			names = home.Another(t, op.Path)
		}
		a := op.Ask(t, client, names)
		if a.Status != status {
			t.Errorf("%s, %s object: status %d, want %d: %s", name, object, a.Status, status, a.Body)
			continue
		}
		if status >= 400 {
			a.CheckProblem()
			answers[object] = plain(a)
		}
	}
	for _, object := range []string{own, others} {
		if op.OwnWork && object == own { // the team sees that it exists
			continue
		}
		if answers[object] != "" && answers[unknown] != "" && answers[object] != answers[unknown] {
			t.Errorf("%s: the response for the %s object differs from the unknown one's:\n%s\n%s", name, object, answers[object],
				answers[unknown])
		}
	}
}

// passing are the headers that differ between any two responses.
var passing = []string{
	"Date", "X-Request-Id", "Content-Length", "Ratelimit", "X-Ratelimit-Remaining",
	"Ratelimit-Remaining", "Ratelimit-Reset",
}

// plain is a response as text without the parts that differ between any two requests.
func plain(a harness.Answer) string {
	header := a.Header.Clone()
	for _, name := range passing {
		header.Del(name)
	}
	var b strings.Builder
	fmt.Fprintln(&b, a.Status, http.StatusText(a.Status))
	_ = header.Write(&b) // a strings.Builder never fails
	return b.String() + harness.Render(a.Value(), "requestId", "instance")
}
