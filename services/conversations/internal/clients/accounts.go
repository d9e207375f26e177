package clients

import (
	"context"
	"net/url"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/conversations"
)

// Accounts implements conversations.Accounts.
type Accounts struct{ Client *httpkit.Client }

// Agents implements conversations.Accounts.
func (a Accounts) Agents(ctx context.Context, t tenant.ID, ids []id.User) ([]conversations.Agent, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	some := httpkit.IDs[id.User](ids[:min(len(ids), httpkit.MaxIDs)])
	found, err := httpkit.Call[[]struct {
		conversations.Agent
		Former bool `json:"former"`
	}](ctx, a.Client, t, "GET", "/internal/users?ids="+url.QueryEscape(some.String()), nil)
	agents := make([]conversations.Agent, len(found))
	for i, f := range found {
		agents[i] = f.Agent
		agents[i].IsFormer = f.Former
	}
	return agents, err
}

type byEmail struct {
	Emails []string `json:"emails"`
}

// AgentsByEmail implements conversations.Accounts.
func (a Accounts) AgentsByEmail(
	ctx context.Context, t tenant.ID, addresses []string,
) (map[string]id.User, error) {
	found, err := httpkit.Call[[]conversations.Agent](ctx, a.Client, t, "POST", "/internal/users/by-address",
		byEmail{addresses})
	agents := make(map[string]id.User, len(found))
	for _, f := range found {
		agents[strings.ToLower(f.Email)] = f.ID
	}
	return agents, err
}

// Teams implements conversations.Accounts.
func (a Accounts) Teams(ctx context.Context, t tenant.ID) ([]conversations.Team, error) {
	found, err := httpkit.Call[struct {
		Data []conversations.Team `json:"data"`
	}](ctx, a.Client, t, "GET", "/internal/teams", nil)
	if fault.Is(err, fault.NotFound) { // accounts is still of a version without teams
		return nil, nil
	}
	return found.Data, err
}

// Targets implements conversations.Accounts. A website that was erased has none.
func (a Accounts) Targets(ctx context.Context, t tenant.ID) (conversations.Targets, error) {
	found, err := httpkit.Call[conversations.Targets](ctx, a.Client, t, "GET", "/internal/targets", nil)
	if fault.Is(err, fault.NotFound) { // or accounts is still of a version without targets
		return conversations.Targets{}, nil
	}
	return found, err
}

// Assignment implements conversations.Accounts. A website that was erased has no rule.
func (a Accounts) Assignment(ctx context.Context, t tenant.ID) (conversations.Assignment, error) {
	found, err := httpkit.Call[conversations.Assignment](ctx, a.Client, t, "GET", "/internal/assignment", nil)
	if fault.Is(err, fault.NotFound) {
		return conversations.Assignment{}, nil
	}
	return found, err
}
