package authz_test

import (
	"testing"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	w, _ := tenant.New(1)
	token := func(l identity.Level, p identity.Plan) identity.Principal {
		return identity.Principal{Kind: identity.Token, Website: w, Level: l, Plan: p}
	}
	visitor := identity.Principal{Kind: identity.Visitor, Website: w, VisitorID: 9}
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
		{"both with READ", authz.ReadWrite, token(identity.Read, identity.Pro), "permission_missing"},
		{"both with WRITE", authz.ReadWrite, token(identity.Write, identity.Pro), "permission_missing"},
		{"both with READ_WRITE", authz.ReadWrite, token(identity.ReadWrite, identity.Free), ok},
		{"pro on FREE", authz.ProRead, token(identity.Read, identity.Free), "plan_required"},
		{"pro on PRO", authz.ProWrite, token(identity.Write, identity.Pro), ok},
		{"permission comes before plan", authz.ProWrite, token(identity.Read, identity.Free), "permission_missing"},
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
