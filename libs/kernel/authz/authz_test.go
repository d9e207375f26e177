package authz_test

import (
	"reflect"
	"testing"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	w, _ := tenant.New(1)
	token := func(l identity.Level, p identity.Plan) identity.Principal {
		return identity.Principal{Kind: identity.Token, Website: w, Level: l, Plan: p}
	}
	person := func(r identity.Role, p identity.Plan) identity.Principal {
		return identity.Principal{
			Kind: identity.Person, PersonID: 3, UserID: 4, Website: w, Role: r, Level: r.Level(), Plan: p,
		}
	}
	visitor := identity.Principal{Kind: identity.Visitor, Website: w, VisitorID: 9}
	blocked := visitor
	blocked.IsBlocked = true
	public, operator := identity.Principal{Kind: identity.Public}, identity.Principal{Kind: identity.Operator}
	const ok = ""
	for _, c := range []struct {
		name string
		rule authz.Rule
		who  identity.Principal
		code string
	}{
		{"read with READ", authz.Read, token(identity.Read, identity.Free), ok},
		{"read with READ_WRITE", authz.Read, token(identity.ReadWrite, identity.Free), ok},
		{"read with WRITE", authz.Read, token(identity.Write, identity.Free), "permission_missing"},
		{"write with READ", authz.Write, token(identity.Read, identity.Pro), "permission_missing"},
		{"write with WRITE", authz.Write, token(identity.Write, identity.Free), ok},
		{"both with READ", authz.ManageBoth, token(identity.Read, identity.Pro), "permission_missing"},
		{"both with WRITE", authz.ManageBoth, token(identity.Write, identity.Pro), "permission_missing"},
		{"both with READ_WRITE", authz.ManageBoth, token(identity.ReadWrite, identity.Free), ok},
		{"pro on FREE", authz.ProRead, token(identity.Read, identity.Free), "plan_required"},
		{"pro on PRO", authz.ProWrite, token(identity.Write, identity.Pro), ok},
		{"permission comes before plan", authz.ProWrite, token(identity.Read, identity.Free), "permission_missing"},
		{"viewer reads", authz.Read, person(identity.Viewer, identity.Free), ok},
		{"viewer writes", authz.Write, person(identity.Viewer, identity.Free), "role_required"},
		{"agent writes", authz.Write, person(identity.Agent, identity.Free), ok},
		{"agent manages", authz.ManageWrite, person(identity.Agent, identity.Free), "role_required"},
		{"agent reads what admins manage", authz.ManageRead, person(identity.Agent, identity.Free), "role_required"},
		{"admin manages", authz.ManageBoth, person(identity.Admin, identity.Free), ok},
		{"owner manages", authz.ManageWrite, person(identity.Owner, identity.Free), ok},
		{"agent on FREE, pro", authz.ProWrite, person(identity.Agent, identity.Free), "plan_required"},
		{"agent on PRO, pro", authz.ProWrite, person(identity.Agent, identity.Pro), ok},
		{"admin, persons only", authz.Admin, person(identity.Admin, identity.Free), ok},
		{"agent, admins only", authz.Admin, person(identity.Agent, identity.Free), "role_required"},
		{"token, persons only", authz.Admin, token(identity.ReadWrite, identity.Pro), "token_missing"},
		{"token, any person", authz.Person, token(identity.ReadWrite, identity.Pro), "token_missing"},
		{"unknown role", authz.Read, person("boss", identity.Free), "role_required"},
		{"blocked visitor reads", authz.Visitor, blocked, ok},
		{"blocked visitor writes", authz.Visitor.UnlessBlocked(), blocked, "visitor_blocked"},
		{"visitor writes", authz.Visitor.UnlessBlocked(), visitor, ok},
		{"person without a website", authz.Person, identity.Principal{Kind: identity.Person, PersonID: 3}, ok},
		{
			"person without a website, reading", authz.Read,
			identity.Principal{Kind: identity.Person, PersonID: 3},
			"validation_failed",
		},
		{
			"person without a website, members", authz.Viewer,
			identity.Principal{Kind: identity.Person, PersonID: 3},
			"validation_failed",
		},
		{"nobody", authz.Read, identity.Principal{}, "token_missing"},
		{"nobody, public", authz.Public, identity.Principal{}, "token_missing"},
		{"anyone the edge let through, public", authz.Public, visitor, ok},
		{"public caller, public", authz.Public, public, ok},
		{"public caller, read", authz.Read, public, "token_missing"},
		{"visitor's operation with a token", authz.Visitor, token(identity.ReadWrite, identity.Pro), "token_missing"},
		{"visitor", authz.Visitor, visitor, ok},
		{
			"token without a website", authz.Read,
			identity.Principal{Kind: identity.Token, Level: identity.ReadWrite},
			"token_invalid",
		},
		{"operator's with a token", authz.Operator, token(identity.ReadWrite, identity.Pro), "token_missing"},
		{"operator", authz.Operator, operator, ok},
		{"tenant's data as operator", authz.Read, operator, "token_missing"},
		{"internal with a token", authz.Internal, token(identity.ReadWrite, identity.Pro), "token_missing"},
		{"internal", authz.Internal, identity.Principal{Kind: identity.Service}, ok},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.rule.Check(c.who)
			if c.code == ok {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || fault.From(err).Code != c.code {
				t.Fatalf("want %s, got %v", c.code, err)
			}
		})
	}
}

func TestChangeUser(t *testing.T) {
	t.Parallel()
	own, other := id.User(4), id.User(5)
	person := func(r identity.Role) identity.Principal {
		return identity.Principal{Kind: identity.Person, UserID: own, Role: r}
	}
	for _, c := range []struct {
		name string
		who  identity.Principal
		user id.User
		ok   bool
	}{
		{"an agent's own", person(identity.Agent), own, true},
		{"an agent's other", person(identity.Agent), other, false},
		{"an unknown role's other", person("boss"), other, false},
		{"an admin's other", person(identity.Admin), other, true},
		{"an owner's other", person(identity.Owner), other, true},
		{"a program's", identity.Principal{Kind: identity.Token}, other, true},
	} {
		err := authz.ChangeUser(c.who, c.user)
		if (err == nil) != c.ok || err != nil && fault.From(err).Code != "role_required" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestChangeWork(t *testing.T) {
	t.Parallel()
	own, other := id.User(4), id.User(5)
	person := func(role identity.Role) identity.Principal {
		return identity.Principal{Kind: identity.Person, UserID: own, Role: role}
	}
	for _, c := range []struct {
		who     identity.Principal
		author  *id.User
		allowed bool
	}{
		{person(identity.Agent), &own, true},
		{person(identity.Agent), &other, false},
		{person(identity.Agent), nil, false},
		{person(identity.Admin), &other, true},
		{person(identity.Admin), nil, true},
		{identity.Principal{Kind: identity.Token}, &other, true},
	} {
		err := authz.ChangeWork(c.who)(c.author)
		if (err == nil) != c.allowed || err != nil && fault.From(err).Code != "role_required" {
			t.Errorf("%+v changes the work of %v: %v", c.who, c.author, err)
		}
	}
}

func TestAuthor(t *testing.T) {
	t.Parallel()
	own, other := id.User(4), id.User(5)
	person := identity.Principal{Kind: identity.Person, UserID: own}
	program := identity.Principal{Kind: identity.Token}
	for _, c := range []struct {
		name         string
		who          identity.Principal
		named, write *id.User
	}{
		{"a person", person, nil, &own},
		{"a person, by name", person, &own, &own},
		{"a program", program, nil, nil},
		{"a program, by name", program, &other, &other},
	} {
		if got, err := authz.Author(c.who, c.named); err != nil || !reflect.DeepEqual(got, c.write) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	if _, err := authz.Author(person, &other); !fault.Is(err, fault.Invalid) {
		t.Errorf("a person writes in another's name: %v", err)
	}
}
