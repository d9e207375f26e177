// Package api is the service's operations and their routes.
package api

import (
	"context"

	"fivechat.dev/libs/authz"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/operation"
	"fivechat.dev/services/statistics"
)

// view is the statistics as clients see them.
type view struct {
	TotalConversations  int64   `json:"totalConversations"`
	ActiveConversations int64   `json:"activeConversations"`
	TotalMessages       int64   `json:"totalMessages"`
	TotalVisitors       int64   `json:"totalVisitors"`
	OnlineVisitors      int64   `json:"onlineVisitors"`
	AverageResponseTime float64 `json:"averageResponseTime"`
}

// Mount puts the operations of s into the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *statistics.Service) {
	httpkit.Handle(r, "GET /statistics/current", 200, operation.New(chain, "statistics.get_current", authz.Read,
		func(ctx context.Context, _ operation.None) (view, error) {
			c, err := s.Current(ctx, identity.From(ctx).Website)
			return view{c.TotalConversations, c.OpenConversations, c.TotalMessages, c.TotalVisitors, c.OnlineVisitors, c.AverageResponseTime()}, err
		}))
}
