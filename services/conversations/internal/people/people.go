// Package people asks the services that own visitors and agents.
package people

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/conversations"
)

// People implements conversations.People.
type People struct{ accounts, visitors *httpkit.Client }

// New returns a People over the two services.
func New(accounts, visitors *httpkit.Client) *People { return &People{accounts, visitors} }

// Visitor implements conversations.People.
func (p *People) Visitor(ctx context.Context, t tenant.ID, id int64) (*conversations.Visitor, error) {
	found, err := httpkit.Call[[]conversations.Visitor](ctx, p.visitors, t, "GET",
		"/internal/visitors?ids="+strconv.FormatInt(id, 10), nil)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Agents implements conversations.People.
func (p *People) Agents(ctx context.Context, t tenant.ID, ids []int64) ([]conversations.Agent, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	texts := make([]string, 0, min(len(ids), httpkit.MaxIDs))
	for _, id := range ids[:min(len(ids), httpkit.MaxIDs)] {
		texts = append(texts, strconv.FormatInt(id, 10))
	}
	return httpkit.Call[[]conversations.Agent](ctx, p.accounts, t, "GET",
		"/internal/users?ids="+url.QueryEscape(strings.Join(texts, ",")), nil)
}

type importRow struct {
	Key string `json:"key"`
}

type importRequest struct {
	Rows []importRow `json:"rows"`
}

type importedVisitor struct {
	Key string `json:"key"`
	ID  int64  `json:"id"`
}

// ImportVisitors implements conversations.People.
func (p *People) ImportVisitors(ctx context.Context, t tenant.ID, keys []string) ([]int64, error) {
	req := importRequest{Rows: make([]importRow, len(keys))}
	for i, k := range keys {
		req.Rows[i].Key = k
	}
	made, err := httpkit.Call[[]importedVisitor](ctx, p.visitors, t, "POST", "/internal/visitors/import", req)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]int64, len(made))
	for _, v := range made {
		byKey[v.Key] = v.ID
	}
	ids := make([]int64, len(keys))
	for i, k := range keys {
		ids[i] = byKey[k]
	}
	return ids, nil
}
