// Package api is the service's operations and their routes.
package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/statistics"
)

// Mount puts the operations of s into the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *statistics.Service) {
	httpkit.Handle(r, "GET /statistics/current", 200, operation.New(chain, "statistics.get_current", authz.Read,
		func(ctx context.Context, _ operation.None) (view, error) {
			c, err := s.Current(ctx, identity.From(ctx).Website)
			return view{
				c.TotalConversations, c.OpenConversations, c.TotalMessages, c.TotalVisitors, c.OnlineVisitors,
				c.AverageResponseTime(),
			}, err
		}), httpkit.Lenient)
	httpkit.Handle(r, "GET /statistics/history", 200, operation.New(chain, "statistics.get_history", authz.Read,
		func(ctx context.Context, req history) (historyView, error) {
			found, err := s.History(ctx, identity.From(ctx).Website, req.request(), req.Interval)
			return historyOf(req, found), err
		}))
	httpkit.Handle(r, "GET /statistics/agents", 200, operation.New(chain, "statistics.get_agents", authz.Read,
		func(ctx context.Context, req period) (agentsView, error) {
			found, whole, err := s.Agents(ctx, identity.From(ctx).Website, req.request())
			return agentsOf(req, whole, found), err
		}))
	httpkit.Handle(r, "GET /statistics/ratings", 200, operation.New(chain, "statistics.get_ratings", authz.Read,
		func(ctx context.Context, req period) (ratingsView, error) {
			found, whole, err := s.Ratings(ctx, identity.From(ctx).Website, req.request())
			return ratingsView{spanOf(req, whole), starsOf(found)}, err
		}))
	mountInternal(r, chain, s)
}

// mountInternal mounts the operations of the operator's commands and of the other services.
func mountInternal(r *httpkit.Router, chain operation.Chain, s *statistics.Service) {
	httpkit.Handle(
		r, "POST /internal/statistics/recount", 200,
		operation.New(chain, "statistics.recount", authz.Internal,
			func(ctx context.Context, req recount) (recounted, error) {
				drift, err := s.Recount(ctx, identity.From(ctx).Website, req.Repair)
				return recountedOf(drift, req.Repair), err
			}),
	)
	httpkit.Handle(
		r, "GET /internal/reply-time", 200,
		operation.New(chain, "statistics.get_reply_time", authz.Internal,
			func(ctx context.Context, _ operation.None) (replyTime, error) {
				seconds, err := s.ReplyTime(ctx, identity.From(ctx).Website)
				return replyTime{seconds}, err
			}),
	)
}

// replyTime is the usual time to a first response, or null if it isn't known.
type replyTime struct {
	ReplySeconds *int64 `json:"replySeconds"`
}

type recount struct {
	Repair bool `json:"repair"`
}

// period has the parameters that all histories share.
type period struct {
	From statistics.Moment `query:"from" json:"-"`
	To   statistics.Moment `query:"to" json:"-"`
	Zone string            `query:"tz" json:"-"`
}

func (p period) request() statistics.Request { return statistics.Request(p) }

type history struct {
	period
	Interval string `query:"interval" json:"-"`
}
