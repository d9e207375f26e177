package app_test

import (
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// TestUnreadByAgents: each person has a count of their own; a program has none.
func TestUnreadByAgents(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	person := func(user id.User) identity.Principal {
		return identity.Principal{
			Kind: identity.Person, PersonID: 9, UserID: user, Website: agent.Website,
			Role: identity.Agent, Level: identity.ReadWrite, Plan: identity.Free,
		}
	}
	want := func(ada, bob, byAny any) {
		t.Helper()
		for caller, want := range map[*identity.Principal]any{ptr(person(3)): ada, ptr(person(4)): bob, &agent: nil} {
			row := s.Want(200, *caller, "GET", "/inbox/"+token, "")
			list := s.Want(200, *caller, "GET", "/inbox", "")["data"].([]any)[0].(map[string]any)
			if row["unreadByMe"] != want || list["unreadByMe"] != want || row["unread"] != byAny {
				t.Errorf("user %d: %v, in the list %v; by any agent %v", caller.UserID, row["unreadByMe"],
					list["unreadByMe"], row["unread"])
			}
		}
	}
	want(1.0, 1.0, 1.0)
	read := "/conversations/" + token + "/read"
	if a := s.Do(person(3), "POST", read, ""); a.Status != 204 {
		t.Fatal(a)
	}
	want(0.0, 1.0, 0.0)
	s.Want(201, visitor(7), "POST", "/visitor/conversations/"+token+"/messages", `{"content":"Hello?"}`)
	want(1.0, 2.0, 1.0)
	if a := s.Do(agent, "POST", read, ""); a.Status != 204 { // a program
		t.Fatal(a)
	}
	want(1.0, 2.0, 0.0)
}

func ptr[T any](v T) *T { return &v }
