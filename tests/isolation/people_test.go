package isolation_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// roles are all roles in ascending order.
var roles = []string{harness.Viewer, harness.Agent, harness.Admin, harness.Owner}

// includes reports whether a role allows what another one does.
func includes(role, other string) bool {
	return slices.Index(roles, role) >= slices.Index(roles, other)
}

// documentedRole returns the least role that the document states for an operation.
func documentedRole(t *testing.T, d *harness.Document, op harness.Operation) string {
	t.Helper()
	found := d.Find(op.Method, harness.Fill(op.Path, harness.Malformed()))
	if found == nil {
		t.Fatalf("%s isn't documented", op.Name())
	}
	for _, requirement := range found.Security {
		if roles := requirement["session"]; len(roles) > 0 {
			return roles[0]
		}
	}
	t.Fatalf("%s documents no role", op.Name())
	return ""
}

// TestRoleMatrix calls each operation of tokens as a person of each role. A lower role than the documented one is
// refused, and so is an agent that changes another user. Another website's object is like one that doesn't exist, and
// that website can't be named.
func TestRoleMatrix(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	persons, before := map[string]harness.Person{}, c.other.State(t)
	for _, role := range roles {
		persons[role] = c.own.Person(t, role)
	}
	t.Run("operations", func(t *testing.T) {
		for _, op := range harness.Operations() {
			if !op.ByToken() {
				continue
			}
			t.Run(op.Name(), func(t *testing.T) {
				t.Parallel()
				least := documentedRole(t, d, op)
				for _, role := range roles {
					by := persons[role].Client
					row(t, op, role, by, c.own, c.other, func(object string) int {
						isOther := op.OwnUser && object != malformed || op.OwnWork && object == own
						if !includes(role, least) || isOther && !includes(role, harness.Admin) {
							return 403
						}
						return wantKnown(op, object)
					})
					if op.OwnUser && includes(role, least) {
						mine := maps.Clone(c.own.Objects())
						mine["user"] = harness.PathID(persons[role].User)
						op.Ask(t, by, mine).Want(t, op.Status)
					}
					op.Ask(t, by.With("X-Website-Id", harness.PathID(c.other.ID)), c.other.Objects()).Want(t, 403)
					op.Ask(t, by.With("X-Website-Id", "x"), c.own.Objects()).Want(t, 400)
				}
			})
		}
	})
	if after := c.other.State(t); after != before {
		t.Errorf("the other website changed:\nbefore %s\nafter  %s", before, after)
	}
}

// team is a website with its people and their objects.
type team struct {
	*harness.World
	persons map[string]harness.Person
}

// names returns new objects of the team. Those of a person themselves are of the person by.
func (m team) names(t *testing.T, op harness.PersonOperation, by harness.Person) map[string]string {
	t.Helper()
	names := m.Team(t, m.persons[harness.Owner])
	if strings.Contains(op.Path, "{identitySecret}") { // a website has few of them
		names["identitySecret"] = m.IdentitySecret(t, m.persons[harness.Owner])
	}
	for _, s := range by.Get(t, "/auth/sessions").List("data") {
		if s.Bool("current") {
			names["session"] = harness.PathID(s.Int("id"))
		}
	}
	if by.ID != m.persons[harness.Owner].ID { // the owner would have too many
		token := by.Send(t, 201, "POST", "/auth/tokens", harness.Map{"name": "My script", "expiresAt": names["soon"]})
		names["personal"] = harness.PathID(token.Int("id"))
	}
	return names
}

// TestPeopleMatrix calls the operations of persons as a person of each role, with a token and without a credential.
// Another website's members, invitations and tokens, and another person's sessions, are like ones that don't exist.
func TestPeopleMatrix(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	own, other := team{s.World(t, harness.Free), map[string]harness.Person{}}, team{
		s.World(t, harness.Free),
		map[string]harness.Person{},
	}
	own.persons[harness.Owner], other.persons[harness.Owner] = own.Person(t, harness.Owner), other.Person(t, harness.Owner)
	for _, op := range harness.PersonOperations() {
		t.Run(op.Name(), func(t *testing.T) {
			t.Parallel()
			if op.SignsIn {
				op.Ask(t, own.Public(), own.names(t, op, own.persons[harness.Owner])).Want(t, op.Status)
				if op.Malformed != 0 {
					op.Ask(t, own.Public(), harness.UnknownTeam()).Want(t, 404)
					op.Ask(t, own.Public(), harness.MalformedTeam()).Want(t, op.Malformed)
				}
				return
			}
			for _, stranger := range []harness.Client{own.Public(), own.Agent(), own.SignedIn("unknown")} {
				op.Ask(t, stranger, harness.UnknownTeam()).Want(t, 401)
			}
			for _, role := range roles {
				by := own.Person(t, role)
				if op.Role != "" && !includes(role, op.Role) {
					op.Ask(t, by.Client, own.names(t, op, by)).Want(t, 403)
					continue
				}
				if op.Role != "" {
					op.Ask(t, by.With("X-Website-Id", harness.PathID(other.ID)), harness.UnknownTeam()).Want(t, 403)
				}
				if op.Malformed != 0 {
					unknown := op.Ask(t, by.Client, harness.UnknownTeam()).Want(t, 404)
					foreign := op.Ask(t, by.Client, other.names(t, op, other.persons[harness.Owner])).Want(t, 404)
					if plain(unknown) != plain(foreign) {
						t.Errorf("%s: the response for a foreign object differs:\n%s\n%s", role, plain(unknown), plain(foreign))
					}
					op.Ask(t, by.Client, harness.MalformedTeam()).Want(t, op.Malformed)
				}
				op.Ask(t, by.Client, own.names(t, op, by)).Want(t, op.Status)
			}
		})
	}
}

// TestPersonalTokenActsAsItsPerson checks that a personal access token has the role of its person in each of their
// websites and in no other, without what needs a confirmation, until it is revoked.
func TestPersonalTokenActsAsItsPerson(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	own, other := s.World(t, harness.Free), s.World(t, harness.Free)
	admin := own.Person(t, harness.Admin)
	in := admin.PersonalToken(t)
	in.Get(t, "/members")
	in.Get(t, "/conversations")
	if m := in.Send(t, 201, "POST", "/conversations/"+own.Objects()["conversation"]+"/messages",
		harness.Map{"content": "Hello"}); m.Int("userId") != admin.User {
		t.Errorf("the author of %s isn't %d", m, admin.User)
	}
	in.Do(t, "POST", "/tokens", harness.Map{"name": "x", "level": harness.Read}).Want(t, 403)
	in.Do(t, "GET", "/audit", nil).Want(t, 403)
	in.With("X-Website-Id", harness.PathID(other.ID)).Do(t, "GET", "/members", nil).Want(t, 403)
	in.With("Cookie", "__Host-fivechat=unknown").Do(t, "GET", "/members", nil).Want(t, 200)
	own.Public().With("Authorization", "Bearer 5p_unknown").Do(t, "GET", "/members", nil).Want(t, 401)
	token := admin.Get(t, "/auth/tokens").List("data")[0]
	admin.Do(t, "DELETE", "/auth/tokens/"+harness.PathID(token.Int("id")), nil).Want(t, 204)
	harness.Eventually(t, time.Second, "the end of the token", func() (bool, any) {
		a := in.Do(t, "GET", "/members", nil)
		return a.Status == 401, a.Status
	})
}

// TestConfirmationIsNeeded checks that a session without a recent proof of its person can't do what a thief of it
// would. A personal access token has no proof.
func TestConfirmationIsNeeded(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Free)
	owner := w.Person(t, harness.Owner)
	by := owner.PersonalToken(t)
	found := 0
	for _, op := range harness.PersonOperations() {
		if !op.Confirmed {
			continue
		}
		found++
		a := op.Ask(t, by, harness.UnknownTeam()).Want(t, 403)
		if code := a.Object().Text("code"); code != "confirmation_required" {
			t.Errorf("%s: %s", op.Name(), code)
		}
	}
	if found == 0 {
		t.Error("no operation needs a confirmation")
	}
}
