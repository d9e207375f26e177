package harness

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// The roles of a person in a website.
const (
	Viewer = "viewer"
	Agent  = "agent"
	Admin  = "admin"
	Owner  = "owner"
)

// Password is the password of all persons of the tests.
const Password = "four words make one"

// sessionCookie is the name of the cookie that holds a session.
const sessionCookie = "__Host-fivechat"

// Person is a signed-in member of a website.
type Person struct {
	Client                 // sends the session and the website's id
	ID, User, Member int64 // the ids of the person, of their user and of their membership
	Name, Email      string
}

// Person creates a person with a role in the website, and signs them in.
func (w *Website) Person(t testing.TB, role string) Person {
	t.Helper()
	email := Unique("person.") + "@shop.example"
	i := w.Operator().Send(t, 201, "POST", "/operator/invitations",
		Map{"websiteId": w.ID, "email": email, "role": role})
	name := Unique("Person ")
	a := w.Public().Do(t, "POST", "/invitations/"+i.Text("token")+"/accept",
		Map{"name": name, "password": Password}).Want(t, 200)
	in := a.Object()
	m := in.List("memberships")[0]
	return Person{
		w.SignedIn(SessionOf(t, a)), in.Object("person").Int("id"), m.Int("userId"), m.Int("id"), name, email,
	}
}

// Cookie returns the session's cookie as a request has it.
func (p Person) Cookie() string { return p.header.Get("Cookie") }

// PersonalToken returns a client that sends a new personal access token of p, and the website's id.
func (p Person) PersonalToken(t testing.TB) Client {
	t.Helper()
	created := p.Send(t, 201, "POST", "/auth/tokens", Map{"name": "My script", "expiresAt": soon()})
	return p.Without("Cookie").With("Authorization", "Bearer "+created.Text("token"))
}

// SessionOf returns the secret of the session that a response starts.
func SessionOf(t testing.TB, a Answer) string {
	t.Helper()
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == sessionCookie {
			return c.Value
		}
	}
	t.Fatalf("the response sets no session: %v", a.Header)
	return ""
}

// SignedIn returns a client that sends a session and the website's id.
func (w *Website) SignedIn(secret string) Client {
	return w.Public().With("Cookie", sessionCookie+"="+secret).With("X-Website-Id", fmt.Sprint(w.ID))
}

// PersonOperation is an operation that only a person can call, or that signs a person in.
type PersonOperation struct {
	Operation

	Role    string // the least role in the website; "" if the operation is about the person themselves
	SignsIn bool   // it needs no session

	Confirmed bool // it needs a recent proof of the person
}

// PersonOperations returns these operations. Their paths contain {member}, {invitation}, {invited}, {token} or
// {session} for the object.
func PersonOperations() []PersonOperation {
	return append(slices.Concat(
		factorOperations(), signUpOperations(), teamOperations(), ruleOperations(),
	), []PersonOperation{
		anyone(Operation{
			Method: "POST", Path: "/auth/password", Status: 200, Body: Map{"email": "{email}", "password": Password},
			Mistyped: Map{"email": 5},
		}),
		anyone(Operation{Method: "GET", Path: "/invitations/{invited}/details", Status: 200, Malformed: 404}),
		anyone(Operation{
			Method: "POST", Path: "/invitations/{invited}/accept", Status: 200, Malformed: 404, Ends: true,
			Body: Map{"name": "Una", "password": Password}, Mistyped: Map{"name": 5},
		}),
		anyone(Operation{Method: "GET", Path: "/auth/oidc", Status: 200}),
		// Signing in at a provider is tested in tests/providers: this one doesn't exist.
		anyone(Operation{Method: "GET", Path: "/auth/oidc/{provider}", Status: 404, Malformed: 404}),
		anyone(Operation{Method: "GET", Path: "/auth/oidc/{provider}/callback", Status: 404, Malformed: 404}),
		anyone(Operation{Method: "POST", Path: "/auth/oidc/{provider}/logout", Status: 400}), // without a body
		own(Operation{Method: "POST", Path: "/auth/logout", Status: 200, Ends: true}),
		own(Operation{Method: "GET", Path: "/auth/session", Status: 200}),
		own(Operation{Method: "GET", Path: "/auth/sessions", Status: 200}),
		own(Operation{Method: "DELETE", Path: "/auth/session", Status: 204, Ends: true}),
		own(Operation{Method: "DELETE", Path: "/auth/sessions", Status: 204, Ends: true}),
		own(Operation{Method: "DELETE", Path: "/auth/sessions/{session}", Status: 204, Malformed: 400, Ends: true}),
		confirmed(own(Operation{
			Method: "PUT", Path: "/auth/password", Status: 200, Ends: true,
			Body: Map{"current": Password, "password": "five words make a sentence"}, Mistyped: Map{"current": 5},
		})),
		{Operation: Operation{Method: "GET", Path: "/audit", Status: 200}, Role: Owner},
		{Operation: Operation{Method: "GET", Path: "/members", Status: 200}, Role: Viewer},
		confirmed(admin(Operation{
			Method: "PATCH", Path: "/members/{member}", Status: 200, Malformed: 400,
			Body: Map{"role": Agent}, Mistyped: Map{"role": 5},
		})),
		admin(Operation{Method: "DELETE", Path: "/members/{member}", Status: 200, Malformed: 400, Ends: true}),
		admin(Operation{Method: "GET", Path: "/invitations", Status: 200}),
		confirmed(admin(Operation{
			Method: "POST", Path: "/invitations", Status: 201,
			Body: Map{"email": "{unique}@shop.example", "role": Agent}, Mistyped: Map{"email": 5},
		})),
		admin(Operation{Method: "DELETE", Path: "/invitations/{invitation}", Status: 200, Malformed: 400, Ends: true}),
		admin(Operation{Method: "GET", Path: "/identity-secrets", Status: 200}),
		confirmed(admin(Operation{Method: "POST", Path: "/identity-secrets", Status: 201})),
		admin(Operation{
			Method: "DELETE", Path: "/identity-secrets/{identitySecret}", Status: 200, Malformed: 400, Ends: true,
		}),
		admin(Operation{Method: "GET", Path: "/identity-policy", Status: 200}),
		confirmed(admin(Operation{
			Method: "PUT", Path: "/identity-policy", Status: 200, Body: Map{"required": false},
			Mistyped: Map{"required": "yes"},
		})),
		admin(Operation{Method: "GET", Path: "/tokens", Status: 200}),
		confirmed(admin(Operation{
			Method: "POST", Path: "/tokens", Status: 201, Body: Map{"name": "importer", "level": Write},
			Mistyped: Map{"name": 5},
		})),
		confirmed(admin(Operation{
			Method: "PATCH", Path: "/tokens/{token}", Status: 200, Malformed: 400,
			Body: Map{"name": "importer"}, Mistyped: Map{"name": 5},
		})),
		confirmed(admin(Operation{
			Method: "POST", Path: "/tokens/{token}/rotate", Status: 201, Malformed: 400,
			Body: Map{"overlapSeconds": 60}, Mistyped: Map{"overlapSeconds": "long"},
		})),
		admin(Operation{Method: "DELETE", Path: "/tokens/{token}", Status: 200, Malformed: 400, Ends: true}),
	}...)
}

// These make operations: of admins, of each person for themselves, without a session, and with a recent proof.
func admin(o Operation) PersonOperation  { return PersonOperation{Operation: o, Role: Admin} }
func own(o Operation) PersonOperation    { return PersonOperation{Operation: o} }
func anyone(o Operation) PersonOperation { return PersonOperation{Operation: o, SignsIn: true} }
func confirmed(p PersonOperation) PersonOperation {
	p.Confirmed = true
	return p
}

// ruleOperations are those on how a website assigns conversations, and how fast it wants to answer.
func ruleOperations() []PersonOperation {
	return []PersonOperation{
		admin(Operation{Method: "GET", Path: "/assignment", Status: 200}),
		admin(Operation{
			Method: "PUT", Path: "/assignment", Status: 200, Body: Map{"mode": "manual", "capacity": 5},
			Mistyped: Map{"capacity": "five"},
		}),
		admin(Operation{Method: "GET", Path: "/targets", Status: 200}),
		admin(Operation{
			Method: "PUT", Path: "/targets", Status: 200, Body: Map{
				"firstResponseMinutes": 30, "nextResponseMinutes": nil, "resolutionMinutes": nil, "businessHours": true,
			},
			Mistyped: Map{"resolutionMinutes": "five"},
		}),
	}
}

// signUpOperations are those by which persons create websites. They aren't allowed here: services/accounts/app tests
// them where they are.
func signUpOperations() []PersonOperation {
	return []PersonOperation{
		anyone(Operation{
			Method: "POST", Path: "/auth/sign-up", Status: 403, Mistyped: Map{"name": 5},
			Body: Map{
				"name": "Una", "email": "{unique}@shop.example", "password": Password,
				"website": Map{"name": "Shop", "url": "https://shop.example"},
			},
		}),
		own(Operation{
			Method: "POST", Path: "/websites", Status: 403, Mistyped: Map{"name": 5},
			Body: Map{"name": "Shop", "url": "https://shop.example"},
		}),
	}
}

// factorOperations are those of second factors, passkeys and personal access tokens.
func factorOperations() []PersonOperation {
	return []PersonOperation{
		anyone(Operation{
			Method: "POST", Path: "/auth/totp", Status: 401, Body: Map{"challenge": "UNKNOWN", "code": "000000"},
			Mistyped: Map{"code": 5},
		}),
		anyone(Operation{
			Method: "POST", Path: "/auth/passkey", Status: 401, Body: Map{"challenge": "UNKNOWN", "response": Map{}},
			Mistyped: Map{"challenge": 5},
		}),
		anyone(Operation{Method: "POST", Path: "/auth/passkey/options", Status: 400}), // only for pages of a named host
		anyone(Operation{
			Method: "POST", Path: "/auth/resets/{reset}", Status: 404, Malformed: 404,
			Body: Map{"password": Password}, Mistyped: Map{"password": 5},
		}),
		confirmed(own(Operation{Method: "POST", Path: "/auth/totp/key", Status: 200})),
		confirmed(own(Operation{
			Method: "PUT", Path: "/auth/totp", Status: 409, Body: Map{"code": "000000"}, Mistyped: Map{"code": 5},
		})),
		confirmed(own(Operation{Method: "DELETE", Path: "/auth/totp", Status: 404})),
		confirmed(own(Operation{Method: "POST", Path: "/auth/recovery-codes", Status: 404})),
		own(Operation{Method: "GET", Path: "/auth/factors", Status: 200}),
		own(Operation{
			Method: "POST", Path: "/auth/confirm", Status: 204, Body: Map{"password": Password}, Mistyped: Map{"password": 5},
		}),
		confirmed(own(Operation{Method: "POST", Path: "/auth/passkeys/options", Status: 400})),
		confirmed(own(Operation{
			Method: "POST", Path: "/auth/passkeys", Status: 401, Mistyped: Map{"name": 5},
			Body: Map{"challenge": "UNKNOWN", "name": "Laptop", "response": Map{}},
		})),
		confirmed(own(Operation{Method: "DELETE", Path: "/auth/passkeys/{passkey}", Status: 404, Malformed: 400})),
		own(Operation{Method: "GET", Path: "/auth/notifications", Status: 200}),
		own(Operation{
			Method: "PUT", Path: "/auth/notifications", Status: 200, Mistyped: Map{"ways": "sound"},
			Body: Map{"enabled": true, "ways": []string{"sound"}, "kinds": []string{"mine"}, "quietHours": nil},
		}),
		own(Operation{Method: "GET", Path: "/auth/tokens", Status: 200}),
		confirmed(own(Operation{
			Method: "POST", Path: "/auth/tokens", Status: 201, Mistyped: Map{"name": 5},
			Body: Map{"name": "My script", "expiresAt": "{soon}"},
		})),
		own(Operation{Method: "DELETE", Path: "/auth/tokens/{personal}", Status: 204, Malformed: 400, Ends: true}),
	}
}

// teamOperations returns the operations of a person about what the team writes.
func teamOperations() []PersonOperation {
	return []PersonOperation{
		{
			Operation: Operation{
				Method: "DELETE", Path: "/conversations/{conversation}/mention", Status: 204, Malformed: 404,
			},
			Role: Viewer,
		},
		{
			Operation: Operation{
				Method: "POST", Path: "/conversations/{conversation}/viewing", Status: 204, Malformed: 404,
				Body: Map{"viewing": true}, Mistyped: Map{"viewing": "yes"},
			},
			Role: Agent,
		},
		{Operation: Operation{Method: "GET", Path: "/drafts", Status: 200}, Role: Agent},
		{
			Operation: Operation{Method: "GET", Path: "/conversations/{conversation}/draft", Status: 200, Malformed: 404},
			Role:      Agent,
		},
		{
			Operation: Operation{
				Method: "PUT", Path: "/conversations/{conversation}/draft", Status: 200, Malformed: 404,
				Body: Map{"kind": "reply", "content": "We loo"}, Text: "content", Mistyped: Map{"content": 5},
			},
			Role: Agent,
		},
		{
			Operation: Operation{Method: "DELETE", Path: "/conversations/{conversation}/draft", Status: 204, Malformed: 404},
			Role:      Agent,
		},
	}
}

// Team returns the names of objects of the website's team, which an owner creates: each call makes new ones.
func (w *Website) Team(t testing.TB, owner Person) map[string]string {
	t.Helper()
	invited := owner.Send(t, 201, "POST", "/invitations", Map{"email": Unique("una.") + "@shop.example", "role": Agent})
	token := owner.Send(t, 201, "POST", "/tokens", Map{"name": "importer", "level": Read})
	other := w.Person(t, Agent)
	sessions := other.Get(t, "/auth/sessions").List("data")
	personal := other.Send(t, 201, "POST", "/auth/tokens", Map{"name": "My script", "expiresAt": soon()})
	return map[string]string{
		"personal": PathID(personal.Int("id")), "soon": soon(), "reset": "UNKNOWN", "passkey": PathID(UnknownID),
		"member": PathID(other.Member), "email": other.Email, "invitation": PathID(invited.Int("id")),
		"invited": invited.Text("token"), "token": PathID(token.Int("id")), "session": PathID(sessions[0].Int("id")),
		"provider": "unknown", "conversation": w.Visit(t, nil).Open(t, "Hello"),
	}
}

// IdentitySecret returns the id of one of the website's identity secrets, which an owner creates if there is none.
func (w *Website) IdentitySecret(t testing.TB, owner Person) string {
	t.Helper()
	if all := owner.Get(t, "/identity-secrets").List("data"); len(all) > 0 {
		return PathID(all[0].Int("id"))
	}
	return PathID(owner.Send(t, 201, "POST", "/identity-secrets", nil).Int("id"))
}

// soon returns a time in the next hours.
func soon() string { return time.Now().Add(time.Hour).UTC().Format(time.RFC3339) }

// UnknownTeam returns well-formed names that no object of a team has.
func UnknownTeam() map[string]string {
	return map[string]string{
		"member": PathID(UnknownID), "invitation": PathID(UnknownID), "invited": "UNKNOWN",
		"token": PathID(UnknownID), "session": PathID(UnknownID), "email": "unknown@shop.example",
		"identitySecret": PathID(UnknownID),
		"personal":       PathID(UnknownID), "soon": soon(), "reset": "UNKNOWN", "passkey": PathID(UnknownID),
		"provider": "unknown", "conversation": Lookalike("conv_unknown"),
	}
}

// MalformedTeam returns names that no object of a team can have.
func MalformedTeam() map[string]string {
	return map[string]string{
		"member": "no-number", "invitation": "no-number", "invited": "no.token", "token": "no-number",
		"session": "no-number", "email": "unknown@shop.example", "identitySecret": "no-number",
		"personal": "no-number", "soon": soon(), "reset": "no.token", "passkey": "no-number",
		"provider": "NONE", "conversation": "no-token",
	}
}
