package journeys

import (
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// userToken is what the backend of the website signs for its user. It is valid for an hour.
func userToken(secret, user, name string) string {
	return harness.SignUser(secret, harness.Map{
		"sub": user, "name": name, "email": user + "@customer.example", "exp": time.Now().Add(time.Hour).Unix(),
	})
}

func identity(members harness.Map) harness.Map { return harness.Map{"identity": members} }

// seen is the identity of a visitor as agents see it.
func seen(t *testing.T, w *harness.Website, v harness.Session) harness.Object {
	t.Helper()
	return w.Reader().Get(t, "/visitors/"+v.Token).Object("identity")
}

// Identified is a user who signs in on two devices, and is one visitor with one history; and what the page then can't
// change.
func Identified(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	_, secret := w.Person(t, harness.Admin).NewIdentitySecret(t)

	anonymous := w.Visit(t, nil)
	token := anonymous.Open(t, "Where is my parcel?")
	with := func(more harness.Map, v harness.Session) harness.Map {
		body := v.Back()
		for k, m := range more {
			body[k] = m
		}
		return body
	}
	stream := anonymous.Events(t, "/visitor/events", "")
	phone := w.Visit(t, with(identity(harness.Map{"token": userToken(secret, "4711", "Vera")}), anonymous))
	if phone.ID != anonymous.ID || phone.Token != anonymous.Token {
		t.Errorf("the user's first device became visitor %d, not %d", phone.ID, anonymous.ID)
	}
	replaced(t, anonymous, phone, stream)
	want := `{"email":"4711@customer.example","name":"Vera","userId":"4711","verified":true}`
	if got := seen(t, w, phone).String(); got != want {
		t.Errorf("the agents see %s, want %s", got, want)
	}

	other := w.Visit(t, nil)
	hashed := identity(harness.Map{"userId": "4711", "userHash": harness.UserHash(secret, "4711")})
	laptop := w.Visit(t, with(hashed, other))
	if laptop.ID != phone.ID || laptop.Token == phone.Token || laptop.Secret == phone.Secret {
		t.Errorf("the second device is visitor %d, want %d with a token and a secret of its own", laptop.ID, phone.ID)
	}
	if got := laptop.Made.Object("conversation").Text("token"); got != token {
		t.Errorf("the second device shows the conversation %s, want %s", got, token)
	}
	laptop.Say(t, token, "I'm on my laptop now.")
	phone.Say(t, token, "And on my phone.")
	if got := w.Reader().Get(t, "/visitors/"+laptop.Token); got.Int("id") != phone.ID || got.Text("token") != phone.Token {
		t.Errorf("the second device's token names %s", got)
	}
	if got := w.Reader().Get(t, "/visitors/"+other.Token); !got.Null("identity") {
		t.Errorf("the visitor that the second device had before has changed: %s", got)
	}

	// The page can't overwrite what is verified, and can't make the visitor another person.
	page := w.Visit(t, with(harness.Map{
		"name": "Mallory", "context": harness.Map{"email": "m@mallory.example", "userId": "1", "cart": 3},
		"identity": harness.Map{"userId": "4711", "email": "m@mallory.example"},
	}, laptop))
	shown := w.Reader().Get(t, "/visitors/"+phone.Token)
	if page.ID != phone.ID || shown.Text("name") != "Vera" || shown.Object("identity").String() != want ||
		shown.Text("context") != `{"cart":3}` {
		t.Errorf("after the page's unverified call: %s", shown)
	}
	next := w.Visit(t, with(identity(harness.Map{"token": userToken(secret, "4712", "Ned")}), laptop))
	if next.ID == phone.ID {
		t.Error("another user resumes the visitor")
	}
	if next := w.Visit(t, with(identity(harness.Map{"userId": "4713"}), laptop)); next.ID == phone.ID {
		t.Error("an unverified claim to be another user resumes the visitor")
	}
}

// replaced checks that a visitor who has become verified has another secret, which works at once, and that the one
// before stops: for requests, and for the stream that it opened.
func replaced(t *testing.T, before, after harness.Session, stream *harness.Stream) {
	t.Helper()
	if after.Secret == before.Secret {
		t.Error("the visitor has kept the secret that others may know")
	}
	after.Do(t, "POST", "/visitor/heartbeat", nil).Want(t, 200)
	harness.Eventually(t, harness.Patience, "the secret of before is refused", func() (bool, any) {
		status := before.Do(t, "POST", "/visitor/heartbeat", nil).Status
		return status == 401, status
	})
	harness.Eventually(t, harness.Patience, "the stream of before ends", func() (bool, any) {
		return stream.Ended(), "it is open"
	})
	after.Do(t, "POST", "/visitor/heartbeat", nil).Want(t, 200)
}

// Required is a website that comes to serve verified visitors only, and goes back.
func Required(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	owner := w.Person(t, harness.Owner)
	require := func(required bool, status int) {
		t.Helper()
		owner.Do(t, "PUT", "/identity-policy", harness.Map{"required": required}).Want(t, status)
	}
	require(true, 409) // without a secret
	_, secret := owner.NewIdentitySecret(t)
	proof := identity(harness.Map{"token": userToken(secret, "4711", "Vera")})
	anonymous, vera := w.Visit(t, nil), w.Visit(t, proof)
	rated, talk := anonymous.Open(t, "Hello?"), vera.Open(t, "Where is my parcel?")

	require(true, 200)
	if !owner.Get(t, "/identity-policy").Bool("required") {
		t.Error("the policy isn't stored")
	}
	begin := func(body harness.Map) harness.Answer {
		body["clientToken"] = w.ClientToken
		return w.Public().Do(t, "POST", "/visitor/sessions", body)
	}
	coded := func(a harness.Answer) bool {
		return a.Status == 403 && strings.Contains(string(a.Body), "identity_required")
	}
	for name, body := range map[string]harness.Map{
		"a new visitor": {}, "a claim": identity(harness.Map{"userId": "4711"}), "an earlier visitor": anonymous.Back(),
	} {
		harness.Eventually(t, harness.Patience, name+" is refused", func() (bool, any) {
			a := begin(body)
			return coded(a), string(a.Body)
		})
	}
	for what, do := range map[string]func() harness.Answer{
		"posting": func() harness.Answer {
			return anonymous.Do(t, "POST", "/visitor/conversations/"+rated+"/messages", harness.Map{"content": "x"})
		},
		"rating": func() harness.Answer {
			return anonymous.Do(t, "POST", "/conversations/"+rated+"/rate", harness.Map{"rating": 1})
		},
	} {
		harness.Eventually(t, 15*time.Second, what+" is refused", func() (bool, any) {
			a := do()
			return coded(a), string(a.Body)
		})
	}
	vera.Say(t, talk, "Still me.")
	begin(vera.Back()).Want(t, 201)
	begin(proof).Want(t, 201)
	if got := owner.Get(t, "/audit").List("data")[0]; got.Text("action") != "identity_policy.update" {
		t.Errorf("the audit log begins with %s", got)
	}

	require(false, 200)
	harness.Eventually(t, harness.Patience, "the earlier visitor is back", func() (bool, any) {
		a := begin(anonymous.Back())
		return a.Status == 201, string(a.Body)
	})
	harness.Eventually(t, harness.Patience, "and posts", func() (bool, any) {
		a := anonymous.Do(t, "POST", "/visitor/conversations/"+rated+"/messages", harness.Map{"content": "x"})
		return a.Status == 201, string(a.Body)
	})
}

// Claimed is claims without a proof, or with a wrong one: they are refused by name and change nothing.
func Claimed(t *testing.T, s harness.System) {
	w, foreign := s.Website(t, harness.Free), s.Website(t, harness.Free)
	admin := w.Person(t, harness.Admin)
	old, oldSecret := admin.NewIdentitySecret(t)
	_, secret := admin.NewIdentitySecret(t)
	_, foreignSecret := foreign.Person(t, harness.Admin).NewIdentitySecret(t)
	w.Visit(t, identity(harness.Map{"token": userToken(oldSecret, "6", "Six")}))
	admin.Do(t, "DELETE", "/identity-secrets/"+harness.PathID(old), nil).Want(t, 200)

	claims := w.Visit(t, identity(harness.Map{"userId": "5", "email": "five@customer.example"}))
	if got := seen(t, w, claims); got.Bool("verified") || got.Text("userId") != "5" {
		t.Errorf("an unverified claim: %s", got)
	}
	before := w.Reader().Get(t, "/visitors").Int("total")
	unsigned := strings.Join(strings.Split(userToken(secret, "5", "V"), ".")[:2], ".") + "."
	for name, c := range map[string]struct {
		claim harness.Map
		field string
	}{
		"a token of another website": {harness.Map{"token": userToken(foreignSecret, "5", "V")}, "identity.token"},
		"a token of a removed one":   {harness.Map{"token": userToken(oldSecret, "6", "V")}, "identity.token"},
		"no signature":               {harness.Map{"token": unsigned}, "identity.token"},
		"no JWT":                     {harness.Map{"token": "token"}, "identity.token"},
		"another user's token": {
			harness.Map{"userId": "5", "token": userToken(secret, "6", "V")}, "identity.userId",
		},
		"a hash of another website": {
			harness.Map{"userId": "5", "userHash": harness.UserHash(foreignSecret, "5")}, "identity.userHash",
		},
		"another user's hash": {
			harness.Map{"userId": "5", "userHash": harness.UserHash(secret, "6")}, "identity.userHash",
		},
		"no user": {harness.Map{"userHash": harness.UserHash(secret, "5")}, "identity.userId"},
	} {
		body := claims.Back()
		body["clientToken"], body["name"], body["identity"] = w.ClientToken, "Mallory", c.claim
		refused := w.Public().Do(t, "POST", "/visitor/sessions", body).Want(t, 400).Object()
		if errors := refused.List("errors"); len(errors) != 1 || errors[0].Text("field") != c.field {
			t.Errorf("%s: %s, want the field %s", name, refused, c.field)
		}
	}
	v := w.Reader().Get(t, "/visitors/"+claims.Token)
	if v.Text("name") == "Mallory" || v.Object("identity").Bool("verified") ||
		w.Reader().Get(t, "/visitors").Int("total") != before {
		t.Errorf("refused claims changed something: %s", v)
	}
}

// IdentifiedAtOnce is devices that identify as one user at the same time: they are one visitor.
func IdentifiedAtOnce(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	_, secret := w.Person(t, harness.Admin).NewIdentitySecret(t)
	var devices sync.WaitGroup
	ids := make([]int64, 6)
	for i := range ids {
		devices.Go(func() {
			v := w.Visit(t, identity(harness.Map{"token": userToken(secret, "7", "Seven")}))
			v.Do(t, "POST", "/visitor/heartbeat", nil).Want(t, 200)
			ids[i] = v.ID
		})
	}
	devices.Wait()
	for _, id := range ids {
		if id != ids[0] || id == 0 {
			t.Errorf("devices that identify at once are the visitors %v", ids)
			break
		}
	}
	if total := w.Reader().Get(t, "/visitors").Int("total"); total != 1 {
		t.Errorf("%d visitors", total)
	}
}
